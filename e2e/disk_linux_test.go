package e2e

import "syscall"

// mount puts a small file system in memory on a folder. Only root may.
func mount(dir string) error { return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m") }

func unmount(dir string) error { return syscall.Unmount(dir, 0) }
