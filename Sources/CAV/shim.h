// FFmpeg's libraries as one module. Swift sees functions, structs and plain constants; what is a macro or takes
// a compound literal gets a function here.
#ifndef MESHCAM_CAV_SHIM_H
#define MESHCAM_CAV_SHIM_H

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static inline int meshcam_averror(int errnum) { return AVERROR(errnum); }
static inline int meshcam_averror_eof(void) { return AVERROR_EOF; }
static inline int64_t meshcam_nopts(void) { return AV_NOPTS_VALUE; }
static inline AVRational meshcam_time_base_q(void) { return AV_TIME_BASE_Q; }

#endif
