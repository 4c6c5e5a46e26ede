// libqrencode needs no shims.
#ifndef MESHCAM_CQRENCODE_SHIM_H
#define MESHCAM_CQRENCODE_SHIM_H

#include <qrencode.h>

#endif
