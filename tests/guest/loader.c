// Makes the bpf(2) calls that a file of load requests describes, and writes down what the kernel answered.
//
// It decides nothing: the host prepares every attribute (tests/src/oracle/wire.rs describes the lines), this program only
// opens descriptors under the numbers that the requests name, loads, and prints one JSON object per program. BTF that
// the kernel refuses is left out, and maps are tried again without it, as loaders do. As process 1
// of a virtual machine it reads /requests, writes to the memory that the machine shares with its host and powers off;
// otherwise `loader REQUESTS ANSWERS`. It never attaches or runs anything. As process 1 it first lets /bpfvet probe the
// machine, where the host put that in.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAP_CREATE = 0, MAP_UPDATE = 2, PROG_LOAD = 5, BTF_LOAD = 18, MAP_FREEZE = 22 };
enum { TYPE_ARENA = 33, TYPE_PROG_ARRAY = 3 };
enum { BTF_FD = 3000, OWN_FD = 3900, SLOTS = 64 };

struct map_attr {
	uint32_t type, key_size, value_size, max_entries, flags, inner_fd, numa;
	char name[16];
	uint32_t ifindex, btf_fd, key_type, value_type, vmlinux_value_type;
	uint64_t extra;
	int32_t value_btf_fd, token_fd;
};
struct elem_attr {
	uint32_t fd, pad;
	uint64_t key, value, flags;
};
struct btf_attr {
	uint64_t btf, log_buf;
	uint32_t size, log_size, log_level, log_true_size, flags;
	int32_t token_fd;
};
struct prog_attr {
	uint32_t type, insn_cnt;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log_buf;
	uint32_t kern_version, flags;
	char name[16];
	uint32_t ifindex, attach_type, btf_fd, func_info_rec_size;
	uint64_t func_info;
	uint32_t func_info_cnt, line_info_rec_size;
	uint64_t line_info;
	uint32_t line_info_cnt, attach_btf_id, attach_fd, core_relo_cnt;
	uint64_t fd_array, core_relos;
	uint32_t core_relo_rec_size, log_true_size;
	int32_t token_fd;
	uint32_t fd_array_cnt;
};

static const size_t LOG_SIZE = 64u << 20;
static char *log_buf;
static FILE *out;
static uint64_t full_caps = ~0ull;

static long bpf(int cmd, void *attr, size_t size)
{
	return syscall(SYS_bpf, cmd, attr, size);
}

// Value of `key` in a line of `key=value` words, or null.
static const char *field(const char *line, const char *key)
{
	size_t n = strlen(key);
	for (const char *p = line; (p = strstr(p, key)); p += n)
		if ((p == line || p[-1] == ' ') && p[n] == '=')
			return p + n + 1;
	return NULL;
}

static uint64_t number(const char *line, const char *key)
{
	const char *v = field(line, key);
	return v ? strtoull(v, NULL, 10) : 0;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Decodes hexadecimal digits into new memory, one zero byte behind them.
static unsigned char *hex(const char *v, size_t *len)
{
	size_t n = 0;
	while (v && digit(v[n]) >= 0)
		n++;
	unsigned char *b = calloc(1, n / 2 + 1);
	for (size_t i = 0; i < n / 2; i++)
		b[i] = digit(v[2 * i]) << 4 | digit(v[2 * i + 1]);
	*len = n / 2;
	return b;
}

/* What is not ASCII goes as it is: the kernel quotes source lines in whatever encoding they are. */
static void print_string(const char *key, const char *s)
{
	fprintf(out, ",\"%s\":\"", key);
	for (; *s; s++) {
		unsigned char c = *s;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 32 || c == 127)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void use_caps(uint64_t mask)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	if (syscall(SYS_capget, &h, d))
		return;
	for (int i = 0; i < 2; i++)
		d[i].effective = d[i].permitted & (uint32_t)(mask >> (32 * i));
	if (syscall(SYS_capset, &h, d))
		perror("capset");
}

// Moves a descriptor to the number that the requests know it by.
static int move(int fd, int to)
{
	if (fd >= 0 && fd != to) {
		dup2(fd, to);
		close(fd);
	}
	return fd < 0 ? fd : to;
}

// What one case has opened and allocated.
static struct {
	char name[256];
	int fds[4 * SLOTS], nfds;
	void *mem[64 * SLOTS];
	int nmem;
	int nbtfs, inner, target, failed;
	uint64_t caps;
	void *arena;
	size_t arena_len;
} now;

static void *keep(void *p)
{
	if (now.nmem < (int)(sizeof now.mem / sizeof *now.mem))
		now.mem[now.nmem++] = p;
	return p;
}

static int opened(int fd)
{
	if (fd >= 0 && now.nfds < (int)(sizeof now.fds / sizeof *now.fds))
		now.fds[now.nfds++] = fd;
	return fd;
}

static void forget(void)
{
	for (int i = 0; i < now.nfds; i++)
		close(now.fds[i]);
	for (int i = 0; i < now.nmem; i++)
		free(now.mem[i]);
	if (now.arena)
		munmap(now.arena, now.arena_len);
	memset(&now, 0, sizeof now);
	now.inner = now.target = -1;
	now.caps = ~0ull;
}

static void cannot(const char *what, int error)
{
	if (now.failed)
		return;
	now.failed = 1;
	fprintf(out, "{\"verdict\":\"not_loadable\",\"errno\":%d", error);
	print_string("name", now.name);
	print_string("failed", what);
	fputs("}\n", out);
}

static void *blob(const char *line, const char *key, size_t *len)
{
	return keep(hex(field(line, key), len));
}

// The descriptor of the BTF that a line names; 0 when it names none or the kernel refused it.
static int btf_of(const char *line)
{
	int fd = BTF_FD + number(line, "btf");
	return field(line, "btf") && fcntl(fd, F_GETFD) >= 0 ? fd : 0;
}

static void load_btf(const char *line)
{
	size_t len;
	struct btf_attr a = { 0 };
	a.btf = (uintptr_t)blob(line, "data", &len);
	a.size = len;
	int fd = bpf(BTF_LOAD, &a, sizeof a);
	opened(move(fd, BTF_FD + now.nbtfs++));
}

// A program of this type that does nothing, to make a prog array belong to it.
static int trivial(uint32_t type)
{
	static const unsigned char insns[] = { 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0 };
	struct prog_attr a = { .type = type, .insn_cnt = 2, .insns = (uintptr_t)insns, .license = (uintptr_t)"GPL" };
	return bpf(PROG_LOAD, &a, sizeof a);
}

static void create_map(const char *line, int inner)
{
	size_t len;
	struct map_attr a = { 0 };
	a.type = number(line, "type");
	a.key_size = number(line, "key");
	a.value_size = number(line, "value");
	a.max_entries = number(line, "max");
	a.flags = number(line, "flags");
	a.extra = number(line, "extra");
	a.btf_fd = btf_of(line);
	if (a.btf_fd) {
		a.key_type = number(line, "key_type");
		a.value_type = number(line, "value_type");
	}
	a.vmlinux_value_type = number(line, "vmlinux_type");
	if (now.inner >= 0 && !inner)
		a.inner_fd = now.inner;
	strncpy(a.name, blob(line, "name", &len), 15);
	int fd = bpf(MAP_CREATE, &a, sizeof a);
	if (fd < 0 && errno == EPERM && now.caps != ~0ull) {
		// What the privileged create for others to use.
		use_caps(full_caps);
		fd = bpf(MAP_CREATE, &a, sizeof a);
		use_caps(now.caps);
	}
	if (fd < 0 && a.btf_fd) {
		a.btf_fd = a.key_type = a.value_type = 0;
		fd = bpf(MAP_CREATE, &a, sizeof a);
	}
	if (fd < 0) {
		cannot("map", errno);
		return;
	}
	if (inner) {
		now.inner = opened(move(fd, OWN_FD + 10));
		return;
	}
	now.inner = -1;
	fd = opened(move(fd, number(line, "fd")));
	struct elem_attr e = { .fd = fd };
	uint32_t key = 0;
	e.key = (uintptr_t)&key;
	if (field(line, "data")) {
		unsigned char *data = blob(line, "data", &len), *whole = keep(calloc(1, a.value_size + len + 1));
		memcpy(whole, data, len);
		// What is longer than a value goes on in the next.
		for (size_t at = 0; at == 0 || at < len; at += a.value_size, key++) {
			e.value = (uintptr_t)(whole + at);
			if (bpf(MAP_UPDATE, &e, sizeof e))
				cannot("map contents", errno);
			if (!a.value_size)
				break;
		}
		key = 0;
	}
	if (field(line, "owner")) {
		int prog = trivial(number(line, "owner"));
		uint32_t value = prog;
		e.value = (uintptr_t)&value;
		if (prog < 0 || bpf(MAP_UPDATE, &e, sizeof e))
			cannot("prog array contents", errno);
		if (prog >= 0)
			close(prog);
	}
	if (number(line, "freeze") && bpf(MAP_FREEZE, &e, sizeof(uint32_t)))
		cannot("freeze", errno);
	if (number(line, "mmap") && !now.arena) {
		now.arena_len = (size_t)a.max_entries * 4096;
		int fixed = a.extra ? MAP_FIXED : 0;
		now.arena = mmap((void *)(uintptr_t)a.extra, now.arena_len, PROT_READ | PROT_WRITE, MAP_SHARED | fixed, fd, 0);
		if (now.arena == MAP_FAILED) {
			now.arena = NULL;
			cannot("mmap of the arena", errno);
		}
	}
}

static struct prog_attr prog(const char *line)
{
	size_t len;
	struct prog_attr a = { 0 };
	a.type = number(line, "type");
	a.insns = (uintptr_t)blob(line, "insns", &len);
	a.insn_cnt = len / 8;
	a.license = (uintptr_t)blob(line, "license", &len);
	a.kern_version = number(line, "kern_version");
	a.flags = number(line, "flags");
	strncpy(a.name, blob(line, "name", &len), 15);
	a.ifindex = number(line, "ifindex");
	a.attach_type = number(line, "attach_type");
	a.btf_fd = btf_of(line);
	a.attach_btf_id = number(line, "attach_btf_id");
	int bare = field(line, "btf") && !a.btf_fd;
	if (!bare && field(line, "func_info")) {
		a.func_info = (uintptr_t)blob(line, "func_info", &len);
		a.func_info_rec_size = 8;
		a.func_info_cnt = len / 8;
	}
	if (!bare && field(line, "line_info")) {
		a.line_info = (uintptr_t)blob(line, "line_info", &len);
		a.line_info_rec_size = 16;
		a.line_info_cnt = len / 16;
	}
	if (field(line, "fd_array"))
		a.fd_array = (uintptr_t)blob(line, "fd_array", &len);
	if (now.target >= 0)
		a.attach_fd = now.target;
	return a;
}

static void load_target(const char *line)
{
	struct prog_attr a = prog(line);
	int fd = bpf(PROG_LOAD, &a, sizeof a);
	if (fd < 0)
		cannot("target program", errno);
	now.target = opened(move(fd, OWN_FD + 11));
}

static void load(const char *line)
{
	struct prog_attr a = prog(line);
	a.log_level = field(line, "log_level") ? number(line, "log_level") : 2;
	if (a.log_level) {
		a.log_buf = (uintptr_t)log_buf;
		a.log_size = field(line, "log_size") ? number(line, "log_size") : LOG_SIZE;
	}
	log_buf[0] = 0;
	int fd = bpf(PROG_LOAD, &a, sizeof a), error = fd < 0 ? errno : 0;
	fprintf(out, "{\"verdict\":\"%s\",\"errno\":%d", fd < 0 ? "rejected" : "accepted", error);
	print_string("name", now.name);
	print_string("log", log_buf);
	if (fd >= 0)
		close(fd);
	// A second load for what only level 4 prints.
	a.log_level = 4;
	a.log_buf = (uintptr_t)log_buf;
	a.log_size = LOG_SIZE;
	log_buf[0] = 0;
	fd = bpf(PROG_LOAD, &a, sizeof a);
	if (fd >= 0)
		close(fd);
	char *stats = strstr(log_buf, "verification time");
	print_string("stats", stats ? stats : "");
	fputs("}\n", out);
	// What a kernel that does not survive the next one has said so far.
	fflush(out);
	madvise(log_buf, LOG_SIZE, MADV_DONTNEED);
}

static void answer(FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	forget();
	while ((n = getline(&line, &room, in)) > 0) {
		line[n - 1] = 0;
		char *rest = strchr(line, ' ');
		if (!rest)
			continue;
		*rest++ = 0;
		if (!strcmp(line, "case")) {
			use_caps(full_caps);
			forget();
			size_t len;
			strncpy(now.name, blob(rest, "name", &len), sizeof now.name - 1);
			if (field(rest, "caps")) {
				now.caps = number(rest, "caps");
				use_caps(now.caps);
			}
		} else if (now.failed) {
			continue;
		} else if (!strcmp(line, "btf")) {
			load_btf(rest);
		} else if (!strcmp(line, "inner")) {
			create_map(rest, 1);
		} else if (!strcmp(line, "map")) {
			create_map(rest, 0);
		} else if (!strcmp(line, "target")) {
			load_target(rest);
		} else if (!strcmp(line, "load")) {
			load(rest);
		}
	}
	use_caps(full_caps);
	forget();
	free(line);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			perror(path);
		close(fd);
	}
}

static void first_process(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("p", "/proc", "proc", 0, NULL);
	mount("s", "/sys", "sysfs", 0, NULL);
	mount("d", "/dev", "devtmpfs", 0, NULL);
	// Those who have no capabilities may load what they are allowed to.
	write_file("/proc/sys/kernel/unprivileged_bpf_disabled", "0");
	write_file("/proc/sys/net/core/bpf_jit_enable", "1");
}

// Memory that the host reads, and how much of it is written.
static struct {
	char *at;
	size_t len, used;
} shared;

static ssize_t share(void *cookie, const char *bytes, size_t n)
{
	(void)cookie;
	// A zero ends what was written.
	if (n >= shared.len - shared.used)
		return 0;
	memcpy(shared.at + shared.used, bytes, n);
	shared.used += n;
	return n;
}

// The number in a file of a device.
static unsigned long device(const char *name, const char *file, int flags, int *fd)
{
	char path[512], text[32] = "";
	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", name, file);
	*fd = open(path, flags);
	if (*fd >= 0 && flags == O_RDONLY && read(*fd, text, sizeof text - 1) > 0)
		return strtoul(text, NULL, 0);
	return 0;
}

// Finds qemu's device for shared memory, which needs no driver: its second region is the memory.
static FILE *shared_memory(void)
{
	DIR *devices = opendir("/sys/bus/pci/devices");
	for (struct dirent *e; devices && (e = readdir(devices));) {
		int fd;
		unsigned long vendor = device(e->d_name, "vendor", O_RDONLY, &fd);
		close(fd);
		unsigned long kind = device(e->d_name, "device", O_RDONLY, &fd);
		close(fd);
		if (vendor != 0x1af4 || kind != 0x1110)
			continue;
		device(e->d_name, "enable", O_WRONLY, &fd);
		if (fd < 0 || write(fd, "1", 1) != 1)
			perror("enable");
		close(fd);
		device(e->d_name, "resource2", O_RDWR, &fd);
		struct stat s;
		if (fd < 0 || fstat(fd, &s))
			continue;
		shared.len = s.st_size;
		shared.at = mmap(NULL, shared.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
		if (shared.at != MAP_FAILED)
			return fopencookie(NULL, "w", (cookie_io_functions_t){ .write = share });
		perror("mmap of shared memory");
	}
	return NULL;
}

// Writes a file down as a line: its name and its bytes in hexadecimal.
static void hand_over(const char *path)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return;
	fprintf(out, "{\"file\":\"%s\",\"data\":\"", path);
	for (int c; (c = getc(f)) != EOF;)
		fprintf(out, "%02x", c);
	fputs("\"}\n", out);
	fclose(f);
}

// Lets bpfvet probe this machine, where the host put it in, and hands over the profile that it writes.
static void probe(void)
{
	char *const command[] = { "/bpfvet", "probe", "-o", "/machine.toml", NULL };
	char *const none[] = { NULL };
	if (access(command[0], X_OK))
		return;
	write_file("/proc/sys/kernel/printk", "1");
	pid_t child = fork();
	if (!child) {
		int said = open("/said", O_WRONLY | O_CREAT, 0644);
		dup2(said, 1);
		dup2(said, 2);
		execve(command[0], command, none);
		perror(command[0]);
		_exit(127);
	}
	// The host takes a machine that writes nothing for broken.
	for (int status; child > 0 && !waitpid(child, &status, WNOHANG);) {
		fputs("{\"waiting\":1}\n", out);
		fflush(out);
		sleep(2);
	}
	hand_over("/said");
	hand_over("/machine.toml");
	hand_over("/machine.btf.gz");
	fflush(out);
}

int main(int argc, char **argv)
{
	int init = getpid() == 1;
	if (!init && argc != 3) {
		fprintf(stderr, "loader REQUESTS ANSWERS\n");
		return 2;
	}
	if (init)
		first_process();
	// As loaders do: kernels up to 5.10 count programs and maps among locked memory.
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	struct rlimit files;
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	log_buf = mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int in_fd = move(open(init ? "/requests" : argv[1], O_RDONLY), OWN_FD);
	FILE *in = fdopen(in_fd, "r");
	out = init ? shared_memory() : fdopen(move(open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644), OWN_FD + 1), "w");
	if (!in || !out || log_buf == MAP_FAILED) {
		perror("loader");
		if (init)
			reboot(RB_POWER_OFF);
		return 1;
	}
	if (init)
		probe();
	answer(in);
	// The host stops reading here: memory has no end of file.
	fputs("end\n", out);
	fflush(out);
	if (init)
		reboot(RB_POWER_OFF);
	return 0;
}
