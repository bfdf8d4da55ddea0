package archivetest

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// envDisk marks the process in which a test has a disk of its own.
const envDisk = "CHANCELA_ARCHIVETEST_DISK"

// Disk is a file system in memory that only this process sees.
type Disk struct{ Folder string }

// Remount changes its options: "size=1m", "ro", "rw".
func (d Disk) Remount(t *testing.T, options string) {
	t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if options == "ro" {
		flags, options = flags|syscall.MS_RDONLY, ""
	}
	if err := syscall.Mount("tmpfs", d.Folder, "tmpfs", flags, options); err != nil {
		t.Fatal(err)
	}
}

// OnDisk runs the rest of a test with a disk of 256 KiB: in another process, which may
// mount one where the system allows it.
func OnDisk(t *testing.T, test func(t *testing.T, d Disk)) {
	t.Helper()
	if os.Getenv(envDisk) == t.Name() {
		d := Disk{t.TempDir()}
		if err := syscall.Mount("tmpfs", d.Folder, "tmpfs", 0, "size=256k"); err != nil {
			t.Fatal(err)
		}
		defer syscall.Unmount(d.Folder, syscall.MNT_DETACH)
		test(t, d)
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), envDisk+"="+t.Name())
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	out, err := again.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Skipf("no process with a disk of its own: %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
