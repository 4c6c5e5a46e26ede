// Waiting for datagrams and for other threads; many datagrams with one system call, each from and to its own address: sendmmsg(2) with UDP_SEGMENT (udp(7)), recvmmsg(2), IPV6_PKTINFO.
// The CMSG_* macros are not visible to Swift.
#ifndef MESHCAM_CDATAGRAMS_SHIM_H
#define MESHCAM_CDATAGRAMS_SHIM_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

// An IPv6 address, or an IPv4 one in the low four bytes of ::ffff:0:0/96; of either family's socket.
typedef struct {
    uint8_t address[16];
    uint16_t port;   // host order
    uint32_t zone;   // interface of a link-local address, else 0
} meshcam_endpoint;

// Linux's own (recvmmsg(2), ipv6(7), ip(7)), which glibc shows to _GNU_SOURCE alone; that cannot be said in one module of several.
struct meshcam_mmsghdr { struct msghdr header; unsigned int length; };
struct meshcam_in6_pktinfo { struct in6_addr address; unsigned int interface; };
struct meshcam_in_pktinfo { int interface; struct in_addr local; struct in_addr address; };
extern int meshcam_sendmmsg(int, struct meshcam_mmsghdr *, unsigned int, int) __asm__("sendmmsg");
extern int meshcam_ppoll(struct pollfd *, nfds_t, const struct timespec *, const void *) __asm__("ppoll");
extern int meshcam_recvmmsg(int, struct meshcam_mmsghdr *, unsigned int, int, void *) __asm__("recvmmsg");

// To be sent: `count` bytes from `from` to `to`. With a segment, the kernel cuts them into datagrams of that size; the last may be shorter.
typedef struct {
    const void *bytes;
    uint32_t count;
    uint16_t segment;
    meshcam_endpoint from;
    meshcam_endpoint to;
} meshcam_outgoing;

// Received: `count` bytes at `bytes`, which has room for `room`.
typedef struct {
    void *bytes;
    uint32_t room;
    uint32_t count;
    meshcam_endpoint from;
    meshcam_endpoint to;
} meshcam_incoming;

enum { meshcam_batch = 64 };

static inline socklen_t meshcam_sockaddr(const meshcam_endpoint *endpoint, int family, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(endpoint->port);
        memcpy(&in->sin_addr, endpoint->address + 12, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(endpoint->port);
    in6->sin6_scope_id = endpoint->zone;
    memcpy(&in6->sin6_addr, endpoint->address, 16);
    return sizeof *in6;
}

static inline void meshcam_read_sockaddr(const struct sockaddr_storage *in, meshcam_endpoint *endpoint) {
    memset(endpoint, 0, sizeof *endpoint);
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *)in;
        endpoint->address[10] = endpoint->address[11] = 0xff;
        memcpy(endpoint->address + 12, &in4->sin_addr, 4);
        endpoint->port = ntohs(in4->sin_port);
    } else if (in->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)in;
        memcpy(endpoint->address, &in6->sin6_addr, 16);
        endpoint->port = ntohs(in6->sin6_port);
        endpoint->zone = in6->sin6_scope_id;
    }
}

// An eventfd; -1 and errno where none can be had.
static inline int meshcam_wakeup(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Until the socket can be read (if it `heeds`) or has room to send (if it `wants_room`), or the other can be read; at most so long. Answers 1
// when the socket can be read, 2 for the other, 3 for both, 0 for neither.
static inline int meshcam_wait(int socket, int heeds, int wants_room, int wake, int64_t nanoseconds) {
    short events = (short)((heeds ? POLLIN : 0) | (wants_room ? POLLOUT : 0));
    struct pollfd both[2] = {{events ? socket : -1, events, 0}, {wake, POLLIN, 0}};
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    if (meshcam_ppoll(both, 2, &time, 0) <= 0) return 0;
    return (both[0].revents & ~POLLOUT ? 1 : 0) | (both[1].revents ? 2 : 0);
}

// A bound socket: IPv6 with IPv4 in it, or with `family` AF_INET for machines without IPv6. Answers -1 and errno where it cannot be had.
static inline int meshcam_datagram_socket(int family, uint16_t port, int buffer) {
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int on = 1, off = 0;
    struct sockaddr_storage address;
    meshcam_endpoint any;
    memset(&any, 0, sizeof any);
    any.port = port;
    socklen_t length = meshcam_sockaddr(&any, family, &address);
    int failed = family == AF_INET6
        ? setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) || setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
        : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    // The kernel gives as much as it allows.
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (failed || bind(fd, (struct sockaddr *)&address, length) < 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

static inline int meshcam_datagram_port(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    meshcam_endpoint endpoint;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -1;
    meshcam_read_sockaddr(&address, &endpoint);
    return endpoint.port;
}

// Whether the kernel cuts large sends into datagrams (Linux 4.18 and later).
static inline int meshcam_can_segment(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &length) == 0;
}

// Answers how many of the first meshcam_batch were sent, at least one; or -1 and errno of the first.
static inline int meshcam_send(int fd, int family, const meshcam_outgoing *list, unsigned int count) {
    struct meshcam_mmsghdr messages[meshcam_batch];
    struct iovec pieces[meshcam_batch];
    struct sockaddr_storage to[meshcam_batch];
    union { char bytes[CMSG_SPACE(sizeof(struct meshcam_in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))]; struct cmsghdr align; } control[meshcam_batch];
    if (count > meshcam_batch) count = meshcam_batch;
    for (unsigned int i = 0; i < count; i++) {
        const meshcam_outgoing *one = &list[i];
        memset(&messages[i], 0, sizeof messages[i]);
        memset(&control[i], 0, sizeof control[i]);
        struct msghdr *header = &messages[i].header;
        pieces[i].iov_base = (void *)one->bytes;
        pieces[i].iov_len = one->count;
        header->msg_iov = &pieces[i];
        header->msg_iovlen = 1;
        header->msg_name = &to[i];
        header->msg_namelen = meshcam_sockaddr(&one->to, family, &to[i]);
        header->msg_control = control[i].bytes;
        header->msg_controllen = sizeof control[i].bytes;
        struct cmsghdr *item = CMSG_FIRSTHDR(header);
        socklen_t used;
        if (family == AF_INET6) {
            struct meshcam_in6_pktinfo info;
            memset(&info, 0, sizeof info);
            memcpy(&info.address, one->from.address, 16);
            info.interface = one->from.zone;
            item->cmsg_level = IPPROTO_IPV6;
            item->cmsg_type = IPV6_PKTINFO;
            item->cmsg_len = CMSG_LEN(sizeof info);
            memcpy(CMSG_DATA(item), &info, sizeof info);
            used = CMSG_SPACE(sizeof info);
        } else {
            struct meshcam_in_pktinfo info;
            memset(&info, 0, sizeof info);
            memcpy(&info.local, one->from.address + 12, 4);
            item->cmsg_level = IPPROTO_IP;
            item->cmsg_type = IP_PKTINFO;
            item->cmsg_len = CMSG_LEN(sizeof info);
            memcpy(CMSG_DATA(item), &info, sizeof info);
            used = CMSG_SPACE(sizeof info);
        }
        if (one->segment != 0 && one->segment < one->count) {
            item = (struct cmsghdr *)(control[i].bytes + used);
            item->cmsg_level = IPPROTO_UDP;
            item->cmsg_type = UDP_SEGMENT;
            item->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            memcpy(CMSG_DATA(item), &one->segment, sizeof(uint16_t));
            used += CMSG_SPACE(sizeof(uint16_t));
        }
        header->msg_controllen = used;
    }
    return meshcam_sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Answers how many of the first meshcam_batch came; -1 and errno (EAGAIN: nothing is there).
static inline int meshcam_receive(int fd, meshcam_incoming *list, unsigned int count) {
    struct meshcam_mmsghdr messages[meshcam_batch];
    struct iovec pieces[meshcam_batch];
    struct sockaddr_storage from[meshcam_batch];
    union { char bytes[CMSG_SPACE(sizeof(struct meshcam_in6_pktinfo))]; struct cmsghdr align; } control[meshcam_batch];
    if (count > meshcam_batch) count = meshcam_batch;
    for (unsigned int i = 0; i < count; i++) {
        memset(&messages[i], 0, sizeof messages[i]);
        struct msghdr *header = &messages[i].header;
        pieces[i].iov_base = list[i].bytes;
        pieces[i].iov_len = list[i].room;
        header->msg_iov = &pieces[i];
        header->msg_iovlen = 1;
        header->msg_name = &from[i];
        header->msg_namelen = sizeof from[i];
        header->msg_control = control[i].bytes;
        header->msg_controllen = sizeof control[i].bytes;
    }
    int came = meshcam_recvmmsg(fd, messages, count, MSG_DONTWAIT, NULL);
    for (int i = 0; i < came; i++) {
        struct msghdr *header = &messages[i].header;
        meshcam_read_sockaddr(&from[i], &list[i].from);
        // Cut off at our room: no datagram of ours is so long.
        list[i].count = header->msg_flags & MSG_TRUNC ? 0 : messages[i].length;
        memset(&list[i].to, 0, sizeof list[i].to);
        for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item)) {
            if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
                struct meshcam_in6_pktinfo info;
                memcpy(&info, CMSG_DATA(item), sizeof info);
                memcpy(list[i].to.address, &info.address, 16);
                if (IN6_IS_ADDR_LINKLOCAL(&info.address)) list[i].to.zone = info.interface;
            } else if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
                struct meshcam_in_pktinfo info;
                memcpy(&info, CMSG_DATA(item), sizeof info);
                list[i].to.address[10] = list[i].to.address[11] = 0xff;
                memcpy(list[i].to.address + 12, &info.address, 4);
            }
        }
    }
    return came;
}

#endif
