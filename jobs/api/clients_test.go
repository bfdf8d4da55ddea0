package api

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// command runs a program and fails with what it says.
func command(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", filepath.Base(name), err, out)
	}
}

// TestCurl is a program in another language: it enqueues, follows and downloads, and the
// notifications of what it did arrive, verified by the reference library.
func TestCurl(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	bash := require(t, "curl", "bash")
	require(t, "curl", "curl")
	t.Parallel()
	x := newLive(t, startRedis(t))
	command(t, ".", bash, "testdata/flow.sh", x.url, flowKey)
	for _, id := range []string{"1", "2", "3"} {
		eventually(t, "its notifications arrive", func() bool { return x.receiver.Last("curl/"+id) == "archived" })
	}
	want := []string{"queued", "preparing", "sent", "completed", "archived"}
	for key, states := range x.receiver.States() {
		if !slices.Equal(states, want) {
			t.Errorf("%s: told of %v, want %v", key, states, want)
		}
	}
	if bad := x.receiver.Bad(); len(bad) > 0 {
		t.Errorf("%q", bad)
	}
}

// TestOpenAPI has the description judged by a public validator, and a client made from
// it by a public generator complete the whole flow.
func TestOpenAPI(t *testing.T) {
	s := newStack(t, nil)
	text := s.get("/openapi.json").want(t, http.StatusOK, nil).body
	for _, want := range []string{`"openapi": "3.1`, `"/v1/campaigns/{campaign}/envelopes/{id}/artifacts/{name}"`, `"multipart/form-data"`, `"application/problem+json"`, "at most 64 MiB, documents included"} {
		if !contains(text, want) {
			t.Errorf("the description has no %s", want)
		}
	}
	if contains(text, "ErrorModel") {
		t.Error("the framework's errors are described")
	}
	redocly, generator := require(t, "openapi", "redocly"), require(t, "openapi", "openapi-ts")
	tsc, node := require(t, "openapi", "tsc"), require(t, "openapi", "node")
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "openapi.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, dir, redocly, "lint", "--skip-rule=info-license", "--max-problems=1", "openapi.json")
	command(t, dir, generator, "--input", "openapi.json", "--output", "client", "--client", "legacy/fetch")
	command(t, dir, tsc, "--target", "es2022", "--module", "commonjs", "--lib", "es2022,dom,dom.iterable", "--strict", "--skipLibCheck", "--outDir", "js", "client/index.ts")
	x := newLive(t, startRedis(t))
	command(t, ".", node, "testdata/flow.cjs", filepath.Join(dir, "js", "index.js"), x.url, flowKey)
}
