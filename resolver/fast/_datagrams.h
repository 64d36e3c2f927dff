/* One batch of datagrams of a socket, for _accelerator.c. Answers of one size to one client leave in one piece, which
   the kernel cuts apart (UDP_SEGMENT of udp(7)); the rules are those of coalescing.py. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { BATCH = 256, SLOT = 4096, STRIDE = SLOT + 64, REPLY = 1024, MAX_RUN = 64, MAX_SIZE = 1000, LEAST = 16, CONTROL = 128 };

typedef struct {
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_storage names[BATCH];
    uint64_t controls[BATCH][CONTROL / sizeof(uint64_t)];
} Messages;

/* An answer to be sent: to the client of the question with that index. */
typedef struct {
    uint64_t client;
    uint16_t size, index, slot;
} Reply;

static uint8_t questions[BATCH][STRIDE], answers[BATCH][REPLY + 64];
static Messages incoming, outgoing;
static Reply replies[BATCH];
/* Where each question came to, as an answer names it that goes from there; without a header for a socket's only address. */
static struct cmsghdr *destinations[BATCH];
static int is_coalescing = 1;

/* How many entries of ``incoming`` the kernel has written to, and so are to be laid out anew. */
static int used = BATCH;

/* Without its interface: the way back may be another one. */
static struct cmsghdr *find_destination(struct msghdr *message) {
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO)
            ((struct in_pktinfo *)CMSG_DATA(header))->ipi_ifindex = 0;
        else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO)
            ((struct in6_pktinfo *)CMSG_DATA(header))->ipi6_ifindex = 0;
        else
            continue;
        return header;
    }
    return NULL;
}

static int receive(int fd) {
    for (int at = 0; at < used; at++) {
        incoming.vectors[at] = (struct iovec){questions[at], SLOT};
        incoming.headers[at].msg_hdr = (struct msghdr){.msg_name = &incoming.names[at],
                                                       .msg_namelen = sizeof incoming.names[at],
                                                       .msg_iov = &incoming.vectors[at],
                                                       .msg_iovlen = 1,
                                                       .msg_control = incoming.controls[at],
                                                       .msg_controllen = CONTROL};
    }
    int number = recvmmsg(fd, incoming.headers, BATCH, MSG_DONTWAIT, NULL);
    /* One more: its address may have been written before what came was found to be broken. */
    used = number < BATCH ? (number > 0 ? number : 0) + 1 : BATCH;
    for (int at = 0; at < number; at++) destinations[at] = find_destination(&incoming.headers[at].msg_hdr);
    return number;
}

/* What tells most clients apart; whether two are one, ``is_same_client`` says. */
static uint64_t client_key(const struct sockaddr_storage *name) {
    uint64_t key = 0;
    if (name->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)name;
        return (uint64_t)v4->sin_addr.s_addr << 16 | v4->sin_port;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)name;
    memcpy(&key, v6->sin6_addr.s6_addr + 8, sizeof key);
    return key * 31 + v6->sin6_port;
}

static int is_same_destination(const Reply *left, const Reply *right) {
    const struct cmsghdr *one = destinations[left->index], *other = destinations[right->index];
    return (!one && !other) || (one && other && one->cmsg_len == other->cmsg_len && !memcmp(one, other, one->cmsg_len));
}

static int is_same_client(const Reply *left, const Reply *right) {
    const struct msghdr *one = &incoming.headers[left->index].msg_hdr, *other = &incoming.headers[right->index].msg_hdr;
    return left->client == right->client && one->msg_namelen == other->msg_namelen &&
           !memcmp(one->msg_name, other->msg_name, one->msg_namelen) && is_same_destination(left, right);
}

static void note_reply(int at, int index, size_t size) {
    replies[at] = (Reply){client_key(&incoming.names[index]), (uint16_t)size, (uint16_t)index, (uint16_t)at};
}

/* By client, the longest first. */
static int compare_replies(const void *left, const void *right) {
    const Reply *one = left, *other = right;
    if (one->client != other->client) return one->client < other->client ? -1 : 1;
    return one->size != other->size ? (int)other->size - (int)one->size : (int)one->index - (int)other->index;
}

/* How many replies from ``first`` on leave in one piece: of one size to one client, and a shorter one at the end. */
static int count_run(const Reply *first, const Reply *end) {
    int number = 1, most = first->size <= MAX_SIZE ? MAX_RUN : 1;
    while (number < most && first + number < end && is_same_client(first, first + number))
        if (first[number++].size < first->size) break;
    return number;
}

static void fill(struct msghdr *header, int first, int number) {
    const struct msghdr *asked = &incoming.headers[replies[first].index].msg_hdr;
    *header = (struct msghdr){.msg_name = asked->msg_name,
                              .msg_namelen = asked->msg_namelen,
                              .msg_iov = &outgoing.vectors[first],
                              .msg_iovlen = (size_t)number};
    uint8_t *control = (uint8_t *)outgoing.controls[first];
    header->msg_control = control;
    const struct cmsghdr *destination = destinations[replies[first].index];
    if (destination) {
        memcpy(control, destination, destination->cmsg_len);
        header->msg_controllen = CMSG_ALIGN(destination->cmsg_len);
    }
    if (number == 1) return;
    struct cmsghdr *segment = (struct cmsghdr *)(control + header->msg_controllen);
    *segment =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(uint16_t)), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT};
    memcpy(CMSG_DATA(segment), &replies[first].size, sizeof(uint16_t));
    header->msg_controllen += CMSG_SPACE(sizeof(uint16_t));
}

/* Put the replies into pieces; how many these are. */
static int arrange(int number) {
    int pieces = 0, is_apart = !is_coalescing || number < LEAST;
    if (!is_apart) qsort(replies, (size_t)number, sizeof *replies, compare_replies);
    for (int at = 0; at < number; at++)
        outgoing.vectors[at] = (struct iovec){answers[replies[at].slot], replies[at].size};
    for (int at = 0, run; at < number; at += run) {
        run = is_apart ? 1 : count_run(replies + at, replies + number);
        fill(&outgoing.headers[pieces++].msg_hdr, at, run);
    }
    return pieces;
}

/* A piece that could not be sent; one that is but an answer is given up. Not every system and device can cut: that
   was it if an answer alone can be sent, which none can to a client with port 0. */
static void send_apart(int fd, const struct msghdr *piece) {
    struct msghdr single = *piece;
    if (piece->msg_iovlen == 1) return;
    int may_lack_cutting = errno == EIO || errno == EINVAL;
    single.msg_iovlen = 1;
    single.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
    for (size_t at = 0; at < piece->msg_iovlen; at++) {
        single.msg_iov = piece->msg_iov + at;
        if (sendmsg(fd, &single, MSG_DONTWAIT) >= 0 && may_lack_cutting) is_coalescing = 0;
    }
}

static void send_replies(int fd, int number) {
    int pieces = arrange(number);
    for (int sent = 0; sent < pieces;) {
        int now = sendmmsg(fd, outgoing.headers + sent, (unsigned)(pieces - sent), MSG_DONTWAIT);
        if (now <= 0) send_apart(fd, &outgoing.headers[sent].msg_hdr);
        sent += now > 0 ? now : 1;
    }
}
