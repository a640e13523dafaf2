# SPDX-License-Identifier: GPL-2.0-or-later
# Guest kernels in a cache, with an initramfs for each: stock Debian images, and one
# built to watch itself (tests/lab/debug).
# Sourced by tests/lab/run; sets nothing but what lab_kernel_prepare says.
# shellcheck shell=bash

LAB_CACHE=${SPILLWAY_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/spillway}
# Raised when the initramfs or the layout of the cache changes.
LAB_CACHE_VERSION=1

# What the initramfs needs to mount the guest's root; dependencies are found.
LAB_BOOT_MODULES="virtio_pci 9pnet_virtio 9p overlay"

# Release of the debug kernel that the installed source makes.
lab_debug_release() {
	local version
	version=$(dpkg-query -W -f='${Version}' linux-source-6.12 2> /dev/null)
	[ -n "$version" ] || {
		echo "lab: no linux-source-6.12: run 'make deps'" >&2
		return 1
	}
	echo "${version%%-*}-spillway-debug"
}

# lab_kernel_release 6.1|6.12|debug: release of the newest installed headers, since the
# module is built against these and must fit the image.
lab_kernel_release() {
	local dir newest=
	if [ "$1" = debug ]; then
		lab_debug_release
		return
	fi
	for dir in $(printf '%s\n' /usr/src/linux-headers-"$1".*-amd64 |
		     grep -Ev -- '-(cloud|rt)-amd64$' | sort -V); do
		[ -e "$dir/Makefile" ] && newest=${dir#/usr/src/linux-headers-}
	done
	[ -n "$newest" ] || {
		echo "lab: no kernel headers for $1: run 'make deps'" >&2
		return 1
	}
	echo "$newest"
}

# lab_kernel_build RELEASE: what the module is built against.
lab_kernel_build() {
	case $1 in
	*-spillway-debug) echo "$LAB_CACHE/debug-build/out" ;;
	*) echo "/lib/modules/$1/build" ;;
	esac
}

lab_download() { # RELEASE DIR
	local deb
	(cd "$2" && apt-get download -qq -o APT::Sandbox::User=root \
		"linux-image-$1") || return
	deb=$(echo "$2"/linux-image-"$1"_*.deb)
	dpkg-deb -x "$deb" "$2/root" && rm -f "$deb" || return
	depmod -b "$2/root" "$1"
}

# Module files in the order in which they must be inserted.
lab_module_order() { # RELEASE DIR
	local name
	for name in $LAB_BOOT_MODULES; do
		modprobe -d "$2/root" -S "$1" --show-depends "$name" || return
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

lab_initramfs() { # RELEASE DIR
	local tree=$2/initramfs i=100 file
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,dev,proc,sys,modules,host,tmp,new} || return
	cp /bin/busybox "$tree/bin/busybox" || return
	cp "$(dirname "${BASH_SOURCE[0]}")/init" "$tree/init" || return
	chmod 755 "$tree/init"
	lab_module_order "$1" "$2" > "$2/order" || return
	while read -r file; do
		i=$((i + 1))
		case $file in
		*.xz) xz -dc "$file" > "$tree/modules/$i.ko" ;;
		*) cp "$file" "$tree/modules/$i.ko" ;;
		esac || return
	done < "$2/order"
	(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) \
		> "$2/initrd.img" || return
	rm -rf "$tree" "$2/order"
}

# lab_kernel_prepare 6.1|6.12|debug: sets LAB_RELEASE, LAB_KERNEL_DIR (root/, initrd.img).
lab_kernel_prepare() {
	local dir stamp init
	init=$(dirname "${BASH_SOURCE[0]}")/init
	LAB_RELEASE=$(lab_kernel_release "$1") || return
	LAB_KERNEL_DIR=$LAB_CACHE/v$LAB_CACHE_VERSION/$LAB_RELEASE
	if [ "$1" = debug ] && [ ! -e "$LAB_KERNEL_DIR/unpacked" ]; then
		echo "lab: no debug kernel: run 'make debug-kernel'" >&2
		return 1
	fi
	mkdir -p "$LAB_KERNEL_DIR" || return
	stamp=$LAB_KERNEL_DIR/ready
	(
		flock 9
		dir=$LAB_KERNEL_DIR
		if [ ! -e "$dir/unpacked" ]; then
			echo "lab: fetching Debian's kernel $LAB_RELEASE" >&2
			rm -rf "$dir/root"
			lab_download "$LAB_RELEASE" "$dir" >&2 || exit 1
			touch "$dir/unpacked"
		fi
		if [ ! -e "$stamp" ] || [ "$init" -nt "$stamp" ]; then
			lab_initramfs "$LAB_RELEASE" "$dir" || exit 1
			touch "$stamp"
		fi
	) 9> "$LAB_KERNEL_DIR/lock" || {
		echo "lab: cannot prepare kernel $LAB_RELEASE" >&2
		return 1
	}
}
