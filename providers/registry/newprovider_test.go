package registry

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// rubrica is a provider that the repository does not have: Certyneo under another name.
const rubrica = "rubrica"

// scratch is the repository with one more folder and one more line, as an overlay of the
// Go command: nothing is written to the repository.
func scratch(t *testing.T) (overlay string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	add := func(path, content string) {
		file := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, path)] = file
	}
	read := func(path string) string {
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	folder, err := os.ReadDir("../certyneo")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folder {
		content := strings.ReplaceAll(read("providers/certyneo/"+f.Name()), "certyneo", rubrica)
		add("providers/"+rubrica+"/"+strings.ReplaceAll(f.Name(), "certyneo", rubrica), content)
	}
	const line = "\t\t{Name: sdoc.Name,"
	list := read("providers/registry/registry.go")
	if strings.Count(list, line) != 1 {
		t.Fatalf("registry.go has no line that begins with %q", line)
	}
	list = strings.Replace(list, line, "\t\t{Name: rubrica.Name, New: from(rubrica.New), Environments: rubrica.Environments, Simulator: sandbox.NewCertyneo},\n"+line, 1)
	list = strings.Replace(list, "\nimport (\n", "\nimport (\n\t\"github.com/chancela/chancela/providers/rubrica\"\n", 1)
	add("providers/registry/registry.go", list)

	overlay = filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// TestAProviderIsAFolderAndALine adds a provider and finds it wherever a provider is
// named: check, config, the README's table and the conformance suite.
func TestAProviderIsAFolderAndALine(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	overlay, bin := scratch(t), t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "CLI_TEST_MAIN=1") // the tests of cmd/chancela are chancela then
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(append([]string{filepath.Base(name)}, args...), " "), err, out)
		}
		return string(out)
	}
	test := func(pkg string) string {
		t.Helper()
		file := filepath.Join(bin, filepath.Base(pkg)+".test")
		run("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", file, pkg)
		return file
	}
	holds := func(what, text string, wanted ...string) {
		t.Helper()
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not have %q:\n%s", what, want, text)
			}
		}
	}
	chancela := test("./cmd/chancela")
	holds("config", run(chancela, "config"), "CHANCELA_RUBRICA_API_KEY", "CHANCELA_RUBRICA_RATE")

	csv := filepath.Join(bin, "june.csv")
	content := "id,provider,subject,template,signer1.name,signer1.email,rubrica.level\n1,rubrica,Lease,tpl_lease,Ana Prova,ana@example.com,SIMPLE\n"
	if err := os.WriteFile(csv, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	holds("check", run(chancela, "check", csv), "rubrica: 1 envelope")

	cmd := exec.Command(chancela, "-test.run", "^TestReadmeTable$")
	cmd.Dir = "../../cmd/chancela"
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("the README's table holds a provider that it does not have")
	}
	holds("the README's table", string(out), "| | contraktor | certyneo | rubrica | sdoc |")

	holds("the conformance suite", run(test("./providers/"+rubrica), "-test.v", "-test.run", "^TestConformance$/^rooms$/^(flow|limits|invite)$"), "--- PASS: TestConformance/rooms/flow")
}
