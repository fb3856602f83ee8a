#!/bin/sh
# Prepares what recording needs below the folder given: the loader program, and Debian's kernel with the modules of its
# disk; `loader` in place of a version: the loader alone. Installs a missing qemu, compiler or decompressor when it may.
set -eu
here=$(dirname "$0")
to=$1
version=${2:-6.12.117+deb12-cloud-amd64}
mkdir -p "$to"
missing=
if [ "$version" = loader ]; then
	gcc -O2 -Wall -Wextra -static -o "$to/loader" "$here/loader.c"
	exit
fi
command -v qemu-system-x86_64 >/dev/null || missing="$missing qemu-system-x86"
command -v gcc >/dev/null || missing="$missing gcc libc6-dev"
command -v xz >/dev/null || missing="$missing xz-utils"
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086
	apt-get install -y --no-install-recommends $missing
fi
gcc -O2 -Wall -Wextra -static -o "$to/loader" "$here/loader.c"
if [ ! -f "$to/$version/image" ]; then
	mkdir -p "$to/$version/modules"
	(cd "$to/$version" && { ls ./*.deb >/dev/null 2>&1 || apt-get download "linux-image-$version"; })
	dpkg -x "$to/$version"/*.deb "$to/$version/root"
	find "$to/$version/root" -name 'virtio*.ko*' | while read -r module; do
		name=$(basename "$module" .xz)
		case $module in
		*/virtio_blk.ko* | */virtio.ko* | */virtio_ring.ko* | */virtio_pci*.ko*) ;;
		*) continue ;;
		esac
		case $module in
		*.xz) xz -dc "$module" >"$to/$version/modules/$name" ;;
		*) cp "$module" "$to/$version/modules/$name" ;;
		esac
	done
	cp "$to/$version/root/boot/vmlinuz-$version" "$to/$version/image"
	rm -rf "$to/$version/root"
fi
