package archivetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
)

// The environment by which a test starts its own binary as a writer.
const (
	envAddress = "CHANCELA_ARCHIVETEST_ADDRESS"
	envWriter  = "CHANCELA_ARCHIVETEST_WRITER" // a number, or "pipe"
)

const contested = 50

var mainRan bool

// Main is what TestMain calls: it runs the tests, or is one of their writers.
func Main(m *testing.M) {
	mainRan = true
	address := os.Getenv(envAddress)
	if address == "" {
		os.Exit(m.Run())
	}
	ctx := context.Background()
	a, err := storage.Open(ctx, address)
	if err == nil && os.Getenv(envWriter) == "pipe" {
		err = writePipe(ctx, a)
	} else if err == nil {
		err = writeContested(ctx, a, os.Getenv(envWriter))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func contestedKey(i int) string { return fmt.Sprintf("contested/%d/manifest.json", i) }

func contestedContent(writer string, i int) string {
	return strings.Repeat(fmt.Sprintf("%s wrote %d\n", writer, i), 1000)
}

// writeContested says "ready", waits for the end of its input, and writes a line for
// each key.
func writeContested(ctx context.Context, a archive.Archive, writer string) error {
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	for i := range contested {
		_, err := a.Put(ctx, contestedKey(i), strings.NewReader(contestedContent(writer, i)), "", nil)
		switch {
		case err == nil:
			fmt.Println("won")
		case errors.Is(err, archive.ErrConflict):
			fmt.Println("lost")
		default:
			return err
		}
	}
	return nil
}

// writePipe puts its input under "piped" and says when the first of it was written.
func writePipe(ctx context.Context, a archive.Archive) error {
	reads := 0
	_, err := a.Put(ctx, "piped", readerFunc(func(p []byte) (int, error) {
		if reads++; reads == 2 {
			fmt.Println("begun")
		}
		return os.Stdin.Read(p)
	}), "", nil)
	return err
}

func startWriter(t *testing.T, a archive.Archive, writer string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	if !mainRan {
		t.Fatal("TestMain must call archivetest.Main")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^$")
	cmd.Env = append(os.Environ(), envAddress+"="+a.String(), envWriter+"="+writer)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewScanner(out)
}

func twoProcesses(t *testing.T, a archive.Archive) {
	names := []string{"0", "1"}
	results := make([][]string, len(names))
	var done sync.WaitGroup
	starts := make([]io.Closer, len(names))
	for n, name := range names {
		cmd, in, out := startWriter(t, a, name)
		if !out.Scan() || out.Text() != "ready" {
			t.Fatalf("writer says %q", out.Text())
		}
		starts[n] = in
		done.Go(func() {
			for out.Scan() {
				results[n] = append(results[n], out.Text())
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("writer %s: %v", name, err)
			}
		})
	}
	for _, start := range starts {
		start.Close()
	}
	done.Wait()
	if len(results[0]) != contested || len(results[1]) != contested {
		t.Fatalf("results for %d and %d keys, want %d", len(results[0]), len(results[1]), contested)
	}
	for i := range contested {
		var winner string
		switch results[0][i] + " " + results[1][i] {
		case "won lost":
			winner = "0"
		case "lost won":
			winner = "1"
		default:
			t.Fatalf("key %d: %s and %s", i, results[0][i], results[1][i])
		}
		if got, _ := read(t, a, contestedKey(i)); got != contestedContent(winner, i) {
			t.Errorf("key %d does not hold what %s wrote", i, winner)
		}
	}
}

func killedWriter(t *testing.T, a archive.Archive) {
	cmd, in, out := startWriter(t, a, "pipe")
	if _, err := in.Write(make([]byte, 32<<10)); err != nil {
		t.Fatal(err)
	}
	if !out.Scan() || out.Text() != "begun" {
		t.Fatalf("writer says %q", out.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer was not killed")
	}
	wantNothing(t, a, "piped")
	mustPut(t, a, "piped", "by another")
}
