// libsodium needs no shims: its constants are functions too (crypto_sign_publickeybytes() and so on).
#ifndef MESHCAM_CSODIUM_SHIM_H
#define MESHCAM_CSODIUM_SHIM_H

#include <sodium.h>

#endif
