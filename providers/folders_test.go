package providers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/registry"
)

// place is the file that a method of every provider stands in.
var place = map[string]string{
	"New": "NAME.go", "Prepare": "NAME.go", "Invite": "NAME.go", "Settle": "NAME.go", "Status": "NAME.go", "Cancel": "NAME.go", "Discard": "NAME.go", "Remind": "remind.go", "RemindSigner": "remind.go",
	"Info": "info.go", "Requests": "info.go", "Check": "check.go", "Artifacts": "artifacts.go", "Open": "artifacts.go",
	"Webhook": "webhook.go", "Subscribe": "webhook.go", "newClient": "client.go",
}

// TestFoldersAreAlike wants the same files with the same things in them in every folder.
func TestFoldersAreAlike(t *testing.T) {
	for _, name := range registry.Names() {
		for _, file := range []string{"REFERENCE.md", name + ".go", "info.go", "check.go", "client.go", "wire.go", "artifacts.go", "fake_test.go", "check_test.go", "conformance_test.go", name + "_test.go"} {
			if _, err := os.Stat(filepath.Join(name, file)); err != nil {
				t.Errorf("%s has no %s", name, file)
			}
		}
		files, _ := filepath.Glob(filepath.Join(name, "*.go"))
		for _, path := range files {
			for _, fn := range functions(t, path) {
				if want, ok := place[fn]; ok && filepath.Base(path) != strings.ReplaceAll(want, "NAME", name) {
					t.Errorf("%s is in %s", fn, path)
				}
			}
		}
	}
}

// functions are the names of a file's functions, and of the methods of Provider.
func functions(t *testing.T, path string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range parsed.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && (fn.Recv == nil || ofProvider(fn)) {
			names = append(names, fn.Name.Name)
		}
	}
	return slices.DeleteFunc(names, func(string) bool { return strings.HasSuffix(path, "_test.go") })
}

func ofProvider(fn *ast.FuncDecl) bool {
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	of, ok := star.X.(*ast.Ident)
	return ok && of.Name == "Provider"
}
