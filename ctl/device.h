/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device: the tunnel's netdevice by rtnetlink: making it, setting it up, removing it.
 * What is particular to Spillway goes over its own generic netlink family.
 */
#ifndef SPILLWAY_CTL_DEVICE_H
#define SPILLWAY_CTL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"

/**
 * device_ensure() - see to it that there is the device
 * @name: of the device
 * @create: make it if there is none; the kernel loads the module by its alias
 * @made: set to whether it was made now
 * @error: says what went wrong on failure
 *
 * Return: 0; -ENODEV where there is none and @create is false; -EEXIST where there is
 * one of that name of another kind; -EOPNOTSUPP where the kernel does not know the
 * kind (no module); another negative errno.
 */
int device_ensure(const char *name, bool create, bool *made, char *error, size_t size);

/**
 * device_set_up() - ip link set NAME up, or down
 *
 * Return: 0 or a negative errno.
 */
int device_set_up(const char *name, bool up, char *error, size_t size);

/**
 * device_add_address() - ip addr add ADDRESS dev NAME, the whole of it as prefix
 *
 * Linux drops by its reverse path filter, strict or loose, whatever IPv4 packet comes
 * in by a device without an IPv4 address (fib_validate_source()). IPv6 needs none.
 *
 * Return: 0, also where it has the address already, or a negative errno.
 */
int device_add_address(const char *name, const struct address *address, char *error, size_t size);

/**
 * device_is_up() - whether the device is up
 *
 * Return: 1, 0, or a negative errno.
 */
int device_is_up(const char *name, char *error, size_t size);

/**
 * device_delete() - ip link del NAME; connections go back to their direct path
 *
 * Return: 0, also where there was none, or a negative errno.
 */
int device_delete(const char *name, char *error, size_t size);

#endif /* SPILLWAY_CTL_DEVICE_H */
