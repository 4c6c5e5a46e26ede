// libsrtp2: nothing of it needs a shim but its header's path.
#ifndef MESHCAM_CSRTP_SHIM_H
#define MESHCAM_CSRTP_SHIM_H

#include <srtp2/srtp.h>

#endif
