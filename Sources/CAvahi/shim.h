// libavahi-client. Never link libavahi-core as well: both export avahi_entry_group_free, and the process aborts.
#ifndef MESHCAM_CAVAHI_SHIM_H
#define MESHCAM_CAVAHI_SHIM_H

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/strlst.h>
#include <avahi-common/thread-watch.h>
#include <avahi-common/timeval.h>

#endif
