// libv4l2: the ioctl numbers and pixel formats are macros, v4l2_open and v4l2_ioctl are variadic; Swift imports neither.
#ifndef MESHCAM_CV4L2_SHIM_H
#define MESHCAM_CV4L2_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <libv4l2.h>
#include <linux/videodev2.h>

// v4l2_open complains on stderr about what is no video device; asked first, it never sees one.
static inline int meshcam_v4l2_open(const char *path) {
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -1;
    struct v4l2_capability capability;
    if (ioctl(fd, VIDIOC_QUERYCAP, &capability) < 0 || v4l2_fd_open(fd, 0) < 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}
static inline int meshcam_v4l2_ioctl(int fd, unsigned long request, void *argument) { return v4l2_ioctl(fd, request, argument); }

// libv4l2 reports to stderr unless it is given a file; our errors carry errno instead.
static inline void meshcam_v4l2_silence(void) { if (!v4l2_log_file) v4l2_log_file = fopen("/dev/null", "we"); }

static const unsigned long meshcam_VIDIOC_QUERYCAP = VIDIOC_QUERYCAP;
static const unsigned long meshcam_VIDIOC_ENUM_FMT = VIDIOC_ENUM_FMT;
static const unsigned long meshcam_VIDIOC_ENUM_FRAMESIZES = VIDIOC_ENUM_FRAMESIZES;
static const unsigned long meshcam_VIDIOC_ENUM_FRAMEINTERVALS = VIDIOC_ENUM_FRAMEINTERVALS;
static const unsigned long meshcam_VIDIOC_S_FMT = VIDIOC_S_FMT;
static const unsigned long meshcam_VIDIOC_S_PARM = VIDIOC_S_PARM;
static const unsigned long meshcam_VIDIOC_S_CTRL = VIDIOC_S_CTRL;
static const unsigned long meshcam_VIDIOC_REQBUFS = VIDIOC_REQBUFS;
static const unsigned long meshcam_VIDIOC_QUERYBUF = VIDIOC_QUERYBUF;
static const unsigned long meshcam_VIDIOC_QBUF = VIDIOC_QBUF;
static const unsigned long meshcam_VIDIOC_DQBUF = VIDIOC_DQBUF;
static const unsigned long meshcam_VIDIOC_STREAMON = VIDIOC_STREAMON;
static const unsigned long meshcam_VIDIOC_STREAMOFF = VIDIOC_STREAMOFF;

static const unsigned int meshcam_CAP_VIDEO_CAPTURE = V4L2_CAP_VIDEO_CAPTURE;
static const unsigned int meshcam_CAP_STREAMING = V4L2_CAP_STREAMING;
static const unsigned int meshcam_CAP_DEVICE_CAPS = V4L2_CAP_DEVICE_CAPS;
static const unsigned int meshcam_PIX_FMT_YUYV = V4L2_PIX_FMT_YUYV;
static const unsigned int meshcam_PIX_FMT_NV12 = V4L2_PIX_FMT_NV12;
static const unsigned int meshcam_PIX_FMT_YUV420 = V4L2_PIX_FMT_YUV420;
static const unsigned int meshcam_PIX_FMT_MJPEG = V4L2_PIX_FMT_MJPEG;
static const unsigned int meshcam_PIX_FMT_JPEG = V4L2_PIX_FMT_JPEG;
static const unsigned int meshcam_PIX_FMT_H264 = V4L2_PIX_FMT_H264;
static const unsigned int meshcam_BUF_FLAG_ERROR = V4L2_BUF_FLAG_ERROR;
static const unsigned int meshcam_BUF_FLAG_TIMESTAMP_MASK = V4L2_BUF_FLAG_TIMESTAMP_MASK;
static const unsigned int meshcam_BUF_FLAG_TIMESTAMP_MONOTONIC = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
static const unsigned int meshcam_CID_H264_I_PERIOD = V4L2_CID_MPEG_VIDEO_H264_I_PERIOD;
static const unsigned int meshcam_CID_B_FRAMES = V4L2_CID_MPEG_VIDEO_B_FRAMES;
static const unsigned int meshcam_CID_REPEAT_SEQ_HEADER = V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER;

#endif
