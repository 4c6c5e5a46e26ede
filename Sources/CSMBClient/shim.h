// libsmbclient, from Samba (GPL-3.0-or-later): linked by the program meshcam-smb alone. Nothing in it needs a shim.
#ifndef MESHCAM_CSMBCLIENT_SHIM_H
#define MESHCAM_CSMBCLIENT_SHIM_H

#include <sys/statvfs.h>
#include <libsmbclient.h>

#endif
