// libarchive (BSD-2-Clause). Nothing in it needs a shim.
#ifndef MESHCAM_CARCHIVE_SHIM_H
#define MESHCAM_CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

#endif
