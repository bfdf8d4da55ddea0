//go:build !linux

package archivetest

import "testing"

// Disk is a file system of a test's own; only on Linux.
type Disk struct{ Folder string }

// Remount changes its options.
func (d Disk) Remount(t *testing.T, options string) { t.Fatal("no disk") }

// OnDisk skips the test: only Linux mounts without rights.
func OnDisk(t *testing.T, test func(t *testing.T, d Disk)) { t.Skip("no disk of its own here") }
