#!/bin/sh
# Prepares what recording needs below the folder given: the loader program, and Debian's kernel of the point release given
# (`6.19.10`; 6.12.117, the main oracle, when absent) with the types that it has. `loader` in place of a release: the loader alone; `list`:
# prints the point releases that there are, with their packages. Debian's archive is asked through lists of its own below
# that folder: the machine's stay as they are. Installs a missing qemu, compiler or decompressor when it may.
set -eu
here=$(dirname "$0")
to=$1
release=${2:-6.12}
mkdir -p "$to"
to=$(cd "$to" && pwd)

# Which tools are missing, and from which packages they come.
need() {
	missing=
	for tool in "$@"; do
		command -v "${tool%%=*}" >/dev/null || missing="$missing ${tool#*=}"
	done
	if [ -n "$missing" ]; then
		# shellcheck disable=SC2086
		apt-get install -y --no-install-recommends $missing
	fi
}

# Lists of all suites that hold kernels, with the keys of this machine's Debian. A day old is young enough.
archive() {
	apt=$to/apt
	export APT_CONFIG=$apt/apt.conf
	if [ -n "$(find "$apt/fetched" -mtime -1 2>/dev/null)" ]; then
		return
	fi
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/none"
	: >"$apt/status"
	site=http://deb.debian.org
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	for suite in debian/bullseye debian-security/bullseye-security debian/bookworm debian/bookworm-backports \
		debian-security/bookworm-security debian/trixie debian/trixie-backports debian-security/trixie-security \
		debian/sid debian/experimental; do
		echo "deb [signed-by=$key] $site/${suite%%/*} ${suite#*/} main"
	done >"$apt/sources.list"
	cat >"$apt/apt.conf" <<-END
		Dir::Etc::SourceList "$apt/sources.list";
		Dir::Etc::SourceParts "$apt/none";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "$apt/none";
		Dir::State "$apt";
		Dir::State::Lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		APT::Architectures "amd64";
		APT::Architecture "amd64";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
	END
	apt-get update
	: >"$apt/fetched"
}

# `POINT-RELEASE PACKAGE DEBIAN-VERSION` of each image, those for clouds before the plain ones, and of several builds of
# one release the one for the oldest suite of its own first: that is who recorded 6.12.117 and 6.1.192. Images signed
# for Secure Boot hold the same kernel. Since 6.19 an image may be in `linux-binary-*`, and `linux-image-*` is small and
# names it.
images() {
	apt-cache dumpavail | awk '
		/^Package: / { package = $2 }
		/^Version: / { version = $2 }
		/^Size: / { size = $2 }
		/^$/ {
			if (package ~ /^linux-(image|binary)-[0-9unsg.-].*amd64/ && package !~ /-(dbg|rt-amd64)/ && size > 1000000) {
				point = version
				sub(/-.*/, "", point)
				rank = (package ~ /cloud/ ? 0 : 4) + (package ~ /deb11\./ ? 2 : 0) + (package ~ /unsigned/ ? 1 : 0)
				print point, rank, package, version
			}
			package = ""
		}' | sort -k1,1V -k2,2n -k3,3V | awk '{ print $1, $3, $4 }'
}

# The kernel within an image, whose types the kernel will show as /sys/kernel/btf/vmlinux. Where it stands and how long
# it is: `Documentation/arch/x86/boot.rst` of the kernel (`setup_sects`, `payload_offset`, `payload_length`).
types() {
	number() { od -An -tu"$3" -j "$(($2))" -N "$3" "$1" | tr -d ' '; }
	start=$((($(number "$1" 0x1f1 1) + 1) * 512 + $(number "$1" 0x248 4)))
	length=$(number "$1" 0x24c 4)
	tail -c +"$((start + 1))" "$1" | head -c "$length" >"$2.packed"
	# Behind what was packed stand four bytes of its length: decompressors complain of them when all is written.
	case $(od -An -tx1 -N 4 "$2.packed" | tr -d ' ') in
	28b52ffd) zstd -qdc "$2.packed" >"$2.kernel" 2>/dev/null || : ;;
	fd377a58) xz -dc --single-stream "$2.packed" >"$2.kernel" 2>/dev/null || : ;;
	02214c18) lz4 -dc "$2.packed" >"$2.kernel" 2>/dev/null || : ;;
	*) echo "$1: packed in a way that is not known here" >&2; exit 1 ;;
	esac
	objcopy -O binary --only-section=.BTF "$2.kernel" "$2"
	rm "$2.packed" "$2.kernel"
	test -s "$2"
}

need gcc="gcc libc6-dev"
gcc -O2 -Wall -Wextra -static -o "$to/loader" "$here/loader.c"
case $release in
loader) exit ;;
list)
	archive
	images
	exit
	;;
esac
need qemu-system-x86_64=qemu-system-x86 xz=xz-utils zstd=zstd lz4=lz4 objcopy=binutils
# The point release that was measured as `6.12`.
measured=$(sed -n "s/.*debian!(\"$release\", \"\([0-9.]*\)\".*/\1/p" "$here/../../verifier-core/src/kernel/profiles.rs")
release=${measured:-$release}
folder=$to/$release
if [ ! -f "$folder/btf" ]; then
	archive
	found=$(images | awk -v release="$release" '$1 == release { print $2, $3; exit }')
	if [ -z "$found" ]; then
		echo "Debian has no kernel $release; there are:" $(images | awk '{ print $1 }' | uniq) >&2
		exit 1
	fi
	package=${found% *}
	rm -rf "$folder"
	mkdir -p "$folder/root"
	(cd "$folder" && apt-get download "$package=${found#* }")
	dpkg -x "$folder"/*.deb "$folder/root"
	rm "$folder"/*.deb
	# In /boot/vmlinuz-NAME, or lately in /usr/lib/modules/NAME/vmlinuz.
	image=$(find "$folder/root" -type f -name 'vmlinuz*')
	mv "$image" "$folder/image"
	echo "$image" | sed 's,.*/modules/,,; s,.*/vmlinuz-,,; s,/vmlinuz$,,' >"$folder/name"
	echo "$package ${found#* }" >"$folder/package"
	rm -rf "$folder/root"
	types "$folder/image" "$folder/btf"
fi
