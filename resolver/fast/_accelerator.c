/* The fast path's loop in C: receive a batch, answer what path.FastPath.answer would answer from the same
   tables, send. Everything else goes back to Python, which learns from it and fills the tables; nothing is
   decided here that is not decided there. Built by build_accelerator.py, needed by nobody. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <time.h>

#include "_datagrams.h"

/* Raised with each change of what ``wait`` takes or gives; accelerated.py has the same. */
enum { INTERFACE = 2 };
/* So many events at once that among many TCP clients, each of them ready, UDP is not left out. */
enum { BATCHES = 4, BURST = 32, PAUSE = 300000, EVENTS = 1024 };
enum { HEADER = 12, QUESTION_TAIL = 5, MAX_TAIL = 16, MAX_NAME = 254, MAX_LABEL = 63, NXDOMAIN = 3, REFUSED = 5, ANY_FAMILY = 255 };
/* The places in a tail, as tails.Tail says. */
enum { FAMILY, COUNT_SLOT, POSITIVE, RECORD, NO_DATA, NO_NAME, REFUSAL, OPT, REMEMBERED };

typedef struct {
    PyObject *tails, *places, *counts;
} Tables;

/* What an answer needs besides its question. */
typedef struct {
    Tables tables;
    PyObject *trusted, *bounds, *latencies;
} Work;

typedef struct {
    const uint8_t *text;
    Py_ssize_t size;
} Label;

/* A borrowed value, or NULL; errors of memory count as none and leave the message to Python. */
static PyObject *find(PyObject *dict, const uint8_t *bytes, Py_ssize_t size) {
    PyObject *key = PyBytes_FromStringAndSize((const char *)bytes, size);
    PyObject *found = key ? PyDict_GetItem(dict, key) : NULL;
    if (!key) PyErr_Clear();
    Py_XDECREF(key);
    return found;
}

static int holds(PyObject *container, const uint8_t *bytes, Py_ssize_t size) {
    PyObject *key = PyBytes_FromStringAndSize((const char *)bytes, size);
    int found = key ? PySequence_Contains(container, key) : -1;
    Py_XDECREF(key);
    if (found < 0) PyErr_Clear();
    return found != 0;
}

static void add(PyObject *counts, Py_ssize_t slot, long long number) {
    PyObject *next = PyLong_FromLongLong(PyLong_AsLongLong(PyList_GET_ITEM(counts, slot)) + number);
    if (!next || PyList_SetItem(counts, slot, next) < 0) PyErr_Clear();
}

static int octet(const uint8_t *text, Py_ssize_t size) {
    int value = 0;
    if (size < 1 || size > 3 || (size > 1 && text[0] == '0')) return -1;
    for (Py_ssize_t at = 0; at < size; at++) {
        if (text[at] < '0' || text[at] > '9') return -1;
        value = value * 10 + text[at] - '0';
    }
    return value <= 255 ? value : -1;
}

static int hex_digit(uint8_t letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static int read_hex(Label label, uint8_t *packed) {
    if (label.size != 8 && label.size != 32) return 0;
    for (Py_ssize_t at = 0; at < label.size; at += 2) {
        int high = hex_digit(label.text[at]), low = hex_digit(label.text[at + 1]);
        if (high < 0 || low < 0) return 0;
        packed[at / 2] = (uint8_t)(high << 4 | low);
    }
    return (int)(label.size / 2);
}

static int read_ipv6(Label label, uint8_t *packed) {
    char text[MAX_LABEL + 1];
    for (Py_ssize_t at = 0; at < label.size; at++) {
        uint8_t letter = label.text[at];
        if (letter != '-' && hex_digit(letter) < 0) return 0;
        text[at] = letter == '-' ? ':' : (char)letter;
    }
    text[label.size] = 0;
    return inet_pton(AF_INET6, text, packed) == 1 ? 16 : 0;
}

/* Four octets at the end of a label, at its start or behind a dash. */
static int read_dashed(Label label, uint8_t *packed) {
    Py_ssize_t end = label.size;
    for (int part = 3; part >= 0; part--) {
        Py_ssize_t start = end;
        while (start > 0 && label.text[start - 1] != '-') start--;
        int value = octet(label.text + start, end - start);
        if (value < 0 || (part && !start)) return 0;
        packed[part] = (uint8_t)value;
        end = start - 1;
    }
    return 4;
}

static int read_dotted(const Label *labels, uint8_t *packed) {
    Label first = labels[0];
    for (Py_ssize_t at = first.size; at > 0; at--)
        if (first.text[at - 1] == '-') {
            first = (Label){first.text + at, first.size - at};
            break;
        }
    for (int part = 0; part < 4; part++) {
        int value = part ? octet(labels[part].text, labels[part].size) : octet(first.text, first.size);
        if (value < 0) return 0;
        packed[part] = (uint8_t)value;
    }
    return 4;
}

/* The size of the address that the last labels spell, 0 for none; addresses.read_address. */
static int read_address(const Label *labels, int number, uint8_t *packed) {
    Label last = labels[3];
    int dashes = 0, doubled = 0;
    if (octet(last.text, last.size) >= 0) return number >= 4 ? read_dotted(labels, packed) : 0;
    for (Py_ssize_t at = 0; at < last.size; at++)
        if (last.text[at] == '-') {
            dashes++;
            doubled |= at && last.text[at - 1] == '-';
        }
    if (!dashes) return read_hex(last, packed);
    if ((dashes == 7 || doubled) && read_ipv6(last, packed)) return 16;
    return dashes >= 3 ? read_dashed(last, packed) : 0;
}

static int is_inner(const Label *labels, int number) {
    if (number > 3) return 0;
    for (int at = 4 - number; at < 4; at++)
        if (octet(labels[at].text, labels[at].size) < 0) return 0;
    return 1;
}

static uint8_t *append(uint8_t *out, const void *bytes, size_t size) {
    memcpy(out, bytes, size);
    return out + size;
}

static uint8_t *append_bytes(uint8_t *out, PyObject *bytes) {
    return append(out, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
}

/* The labels before ``cut``, the last four of them in ``labels``; their number, or -1 if none ends there. */
static int walk(const uint8_t *name, Py_ssize_t cut, Label *labels) {
    Py_ssize_t at = 0;
    int number = 0;
    memset(labels, 0, 4 * sizeof *labels);
    while (at < cut) {
        Py_ssize_t size = name[at];
        if (size > MAX_LABEL) return -1;
        memmove(labels, labels + 1, 3 * sizeof *labels);
        labels[3] = (Label){name + at + 1, size};
        at += size + 1;
        number++;
    }
    return at == cut ? number : -1;
}

/* The place whose zone the folded name is in, and where that begins; NULL and the whole name for none. */
static PyObject *find_place(PyObject *places, const uint8_t *name, Py_ssize_t size, Py_ssize_t *cut) {
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(places); at++) {
        PyObject *entry = PyTuple_GET_ITEM(places, at);
        Py_ssize_t zone = PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 0));
        if (zone > size) continue;
        PyObject *place = find(PyTuple_GET_ITEM(entry, 1), name + size - zone, zone);
        if (place) {
            *cut = size - zone;
            return place;
        }
    }
    *cut = size;
    return NULL;
}

/* The tail of the last question, for as long as no Python runs: most have the same. */
typedef struct {
    uint8_t head[HEADER - 2], bytes[MAX_TAIL];
    Py_ssize_t size;
    PyObject *tail;
} Last;

static PyObject *find_tail(PyObject *tails, const uint8_t *wire, const uint8_t *root, Py_ssize_t size, Last *last) {
    if (size > MAX_TAIL) return NULL;
    if (last->tail && last->size == size && !memcmp(last->head, wire + 2, sizeof last->head) &&
        !memcmp(last->bytes, root, (size_t)size))
        return last->tail;
    PyObject *same = find(tails, wire + 2, sizeof last->head);
    last->tail = same ? find(same, root, size) : NULL;
    last->size = size;
    memcpy(last->head, wire + 2, sizeof last->head);
    memcpy(last->bytes, root, (size_t)size);
    return last->tail;
}

/* The length of the response in ``reply``; 0 for what Python shall answer. */
static size_t answer(const Tables *tables, const uint8_t *wire, Py_ssize_t length, uint8_t *reply, Last *last) {
    const uint8_t *root = length > HEADER ? memchr(wire + HEADER, 0, (size_t)(length - HEADER)) : NULL;
    if (!root || root - wire - HEADER > MAX_NAME) return 0;
    Py_ssize_t size = root - wire - HEADER, cut;
    PyObject *tail = find_tail(tables->tails, wire, root, length - HEADER - size, last);
    if (!tail) return 0;
    uint8_t name[MAX_NAME + 1], packed[16];
    for (Py_ssize_t at = 0; at < size; at++) {
        uint8_t letter = wire[HEADER + at];
        name[at] = letter >= 'A' && letter <= 'Z' ? letter + 32 : letter;
    }
    PyObject *place = find_place(tables->places, name, size, &cut);
    Label labels[4];
    int number = walk(name, cut, labels);
    if (number < 0 || place == Py_None) return 0;
    long family = PyLong_AsLong(PyTuple_GET_ITEM(tail, FAMILY));
    Py_ssize_t slot = PyLong_AsSsize_t(PyTuple_GET_ITEM(tail, COUNT_SLOT));
    PyObject *header = PyTuple_GET_ITEM(tail, REFUSAL), *behind = NULL, *known = NULL;
    int found = 0;
    if (!place) {
        slot += REFUSED;
    } else if (!number || holds(PyTuple_GET_ITEM(place, 0), labels[3].text, labels[3].size)) {
        known = find(PyTuple_GET_ITEM(tail, REMEMBERED), name, size);
    } else {
        found = read_address(labels, number, packed);
        if (found && found == family) {
            header = PyTuple_GET_ITEM(tail, POSITIVE);
        } else {
            if (family == ANY_FAMILY || holds(PyTuple_GET_ITEM(place, 1), labels[3].text, labels[3].size)) return 0;
            header = PyTuple_GET_ITEM(tail, NO_DATA);
            if (!found && !is_inner(labels, number)) {
                if (holds(PyTuple_GET_ITEM(place, 0), (const uint8_t *)"*", 1)) return 0;
                header = PyTuple_GET_ITEM(tail, NO_NAME);
                slot += NXDOMAIN;
            }
            found = 0;
            PyObject *key = PyLong_FromSsize_t(cut);
            behind = key ? PyDict_GetItem(PyTuple_GET_ITEM(place, 2), key) : NULL;
            Py_XDECREF(key);
            if (!behind) return 0;
        }
    }
    if (place && !found && !behind) {
        if (!known) return 0;
        header = PyTuple_GET_ITEM(known, 0);
        behind = PyTuple_GET_ITEM(known, 1);
        slot += PyBytes_AS_STRING(header)[1] & 0xF;
    }
    uint8_t *end = append(reply, wire, 2);
    end = append_bytes(end, header);
    end = append(end, wire + HEADER, (size_t)size + QUESTION_TAIL);
    if (found) {
        end = append_bytes(end, PyTuple_GET_ITEM(tail, RECORD));
        end = append(end, packed, (size_t)found);
    } else if (behind) {
        end = append_bytes(end, behind);
    }
    if (!known) end = append_bytes(end, PyTuple_GET_ITEM(tail, OPT));
    add(tables->counts, slot, 1);
    return (size_t)(end - reply);
}

/* (descriptor, wire, address, where it came to) of what Python shall answer. */
static int leave(PyObject *left, int fd, int index) {
    struct mmsghdr *header = &incoming.headers[index];
    struct cmsghdr *destination = destinations[index];
    PyObject *entry =
        Py_BuildValue("(iy#y#y#)", fd, questions[index], (Py_ssize_t)header->msg_len,
                      (const char *)&incoming.names[index], (Py_ssize_t)header->msg_hdr.msg_namelen,
                      destination ? (const char *)CMSG_DATA(destination) : "",
                      destination ? (Py_ssize_t)(destination->cmsg_len - CMSG_LEN(0)) : (Py_ssize_t)0);
    int failed = !entry || PyList_Append(left, entry) < 0;
    Py_XDECREF(entry);
    return failed ? -1 : 0;
}

static int is_trusted(PyObject *trusted, const struct sockaddr_storage *name) {
    if (trusted == Py_None) return 1;
    if (name->ss_family == AF_INET)
        return holds(trusted, (const uint8_t *)&((const struct sockaddr_in *)name)->sin_addr, 4);
    return holds(trusted, (const uint8_t *)&((const struct sockaddr_in6 *)name)->sin6_addr, 16);
}

static int answer_batch(const Work *work, int fd, int number, PyObject *left) {
    int said = 0;
    Last last = {0};
    for (int at = 0; at < number; at++) {
        size_t size = 0;
        if (is_trusted(work->trusted, &incoming.names[at]))
            size = answer(&work->tables, questions[at], incoming.headers[at].msg_len, answers[said], &last);
        if (!size) {
            last.tail = NULL;
            if (leave(left, fd, at) < 0) return -1;
            continue;
        }
        note_reply(said++, at, size);
    }
    return said;
}

/* One socket's turn of udp.BatchedDatagrams: how many messages were answered here, or -1; what is left is appended. */
static int turn(const Work *work, int fd, PyObject *left) {
    int total = 0, number = BATCH;
    for (int batch = 0; number == BATCH && batch < BATCHES; batch++) {
        Py_BEGIN_ALLOW_THREADS
        number = receive(fd);
        Py_END_ALLOW_THREADS
        if (number <= 0) break;
        int said = answer_batch(work, fd, number, left);
        if (said < 0) return -1;
        Py_BEGIN_ALLOW_THREADS
        send_replies(fd, said);
        Py_END_ALLOW_THREADS
        total += said;
    }
    return total;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* tally.Latencies.note */
static void note_latency(const Work *work, int64_t nanoseconds, int number) {
    Py_ssize_t at = 0, end = PyTuple_GET_SIZE(work->bounds);
    while (at < end && PyLong_AsLongLong(PyTuple_GET_ITEM(work->bounds, at)) < nanoseconds) at++;
    add(work->latencies, at, number);
    add(work->latencies, end + 1, nanoseconds * number);
}

/* As waiting.pause_after. */
static void pause_after(int number) {
    struct timespec pause = {0, PAUSE};
    if (number < BURST || number % BATCH == 0) return;
    Py_BEGIN_ALLOW_THREADS
    nanosleep(&pause, NULL);
    Py_END_ALLOW_THREADS
}

static int is_served(PyObject *sockets, int fd) {
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(sockets); at++)
        if (PyLong_AsLong(PyTuple_GET_ITEM(sockets, at)) == fd) return 1;
    return 0;
}

static int poll_events(int epoll, struct epoll_event *events, int64_t nanoseconds) {
    int number;
    Py_BEGIN_ALLOW_THREADS
    number = epoll_wait(epoll, events, EVENTS, (int)((nanoseconds + 999999) / 1000000));
    Py_END_ALLOW_THREADS
    return number;
}

/* waiting.Waiting.wait until there is something for Python: (other sockets are ready, when the last turn began, left) */
static PyObject *py_wait(PyObject *self, PyObject *args) {
    (void)self;
    int epoll, has_others = 0;
    long long left_time;
    PyObject *sockets;
    Work work;
    if (!PyArg_ParseTuple(args, "iO!(O!O!O!)OO!O!L", &epoll, &PyTuple_Type, &sockets, &PyDict_Type, &work.tables.tails,
                          &PyTuple_Type, &work.tables.places, &PyList_Type, &work.tables.counts, &work.trusted,
                          &PyTuple_Type, &work.bounds, &PyList_Type, &work.latencies, &left_time))
        return NULL;
    int64_t began = now(), until = began + left_time;
    PyObject *left = PyList_New(0);
    while (left && !has_others && !PyList_GET_SIZE(left)) {
        struct epoll_event events[EVENTS];
        /* Read once: a time that was over by a second reading would be one without an end. */
        int64_t rest = until - now();
        if (rest <= 0) break;
        int number = poll_events(epoll, events, rest);
        if (number < 0) {
            /* A signal, which Python may want to end the wait for. */
            if (PyErr_CheckSignals() < 0) Py_CLEAR(left);
            break;
        }
        for (int at = 0; left && at < number; at++) {
            if (!is_served(sockets, events[at].data.fd)) {
                has_others = 1;
                continue;
            }
            began = now();
            int said = turn(&work, events[at].data.fd, left);
            if (said < 0) Py_CLEAR(left);
            if (said > 0) note_latency(&work, now() - began, said);
            if (left && !PyList_GET_SIZE(left)) pause_after(said);
        }
    }
    return left ? Py_BuildValue("(NLN)", PyBool_FromLong(has_others), (long long)began, left) : NULL;
}

static PyObject *py_answer(PyObject *self, PyObject *args) {
    (void)self;
    const char *wire;
    Py_ssize_t length;
    Tables tables;
    uint8_t reply[REPLY];
    Last last = {0};
    if (!PyArg_ParseTuple(args, "(O!O!O!)y#", &PyDict_Type, &tables.tails, &PyTuple_Type, &tables.places,
                          &PyList_Type, &tables.counts, &wire, &length))
        return NULL;
    size_t size = answer(&tables, (const uint8_t *)wire, length, reply, &last);
    if (!size) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((const char *)reply, (Py_ssize_t)size);
}

static PyMethodDef methods[] = {
    {"wait", py_wait, METH_VARARGS,
     "wait(epoll, sockets, tables, trusted, bounds, latencies, nanoseconds) -> (others, began, [(fd, wire, address, destination)])"},
    {"answer", py_answer, METH_VARARGS, "answer(tables, wire) -> response or None"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_accelerator", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__accelerator(void) {
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddIntConstant(made, "INTERFACE", INTERFACE) < 0) Py_CLEAR(made);
    return made;
}
