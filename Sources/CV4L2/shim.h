// libv4l2: the ioctl numbers and pixel formats are macros, v4l2_open and v4l2_ioctl are variadic; Swift imports neither.
#ifndef MESHCAM_CV4L2_SHIM_H
#define MESHCAM_CV4L2_SHIM_H

#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>

#endif
