package jobs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/registry"
)

const module = "github.com/chancela/chancela/"

// TestImportsPointDown keeps the house as it is drawn: cmd → scheduler, jobs → providers,
// storage; asynq in jobs and scheduler only; test packages out of the program. What is told to
// people has its words in providers/lang, which knows nobody: all may import it.
func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		seen++
		for _, imported := range fields[1:] {
			if why := forbidden(pkg, imported); why != "" {
				t.Errorf("%s imports %s: %s", pkg, imported, why)
			}
		}
	}
	if seen < 15 {
		t.Fatalf("only %d packages were seen", seen)
	}
}

// services are the providers' folders.
var services = func() []string {
	var folders []string
	for _, name := range registry.Names() {
		folders = append(folders, "providers/"+name)
	}
	return folders
}()

// levels are the rooms of jobs from the ground up: each imports only what is below it. The client
// and the worker stand side by side and do not know each other.
var levels = [][]string{
	{"jobs/chart", "jobs/formula", "jobs/guard", "jobs/hours", "jobs/intake/filetype", "jobs/trace"},
	{"jobs/intake/fill"},
	{"jobs/intake", "jobs/queue", "jobs/report", "jobs/trace/otlp"},
	{"jobs", "jobs/worker", "jobs/campaign/xlsx"},
	{"jobs/campaign", "jobs/metrics"},
	{"jobs/notify"},
	{"jobs/api"},
	{"jobs/pages"},
}

const levelsInWords = "intake, queue and report, then jobs beside jobs/worker, then campaign and metrics, then notify, then api, then pages"

// level is how high a package stands; what is not of jobs stands above it.
func level(pkg string) int {
	i := slices.IndexFunc(levels, func(rooms []string) bool { return slices.Contains(rooms, pkg) })
	if i < 0 {
		return len(levels)
	}
	return i
}

func forbidden(pkg, imported string) string {
	in := func(p string, rooms ...string) bool {
		return slices.ContainsFunc(rooms, func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
	}
	if strings.HasPrefix(imported, "github.com/hibiken/asynq") && !in(pkg, "jobs", "scheduler", "cmd/bench") {
		return "asynq is for jobs and scheduler only, and for who compares them with it"
	}
	own, ok := strings.CutPrefix(imported, module)
	if !ok {
		return ""
	}
	switch {
	case in(own, "cmd"):
		return "nothing imports a command"
	case in(pkg, "providers", "storage") && in(own, "jobs", "scheduler"):
		return "providers and storage are below jobs"
	case in(pkg, "providers") && in(own, "storage"), in(pkg, "storage") && in(own, "providers") && own != "providers/lang":
		return "providers and storage do not know each other"
	case in(pkg, "jobs") && in(own, "scheduler"):
		return "jobs is below scheduler"
	case in(pkg, "jobs/intake") && in(own, "jobs") && !in(own, "jobs/intake"):
		return "intake is the ground that jobs stands on"
	case in(own, "jobs") && level(own) >= level(pkg):
		return "in jobs, imports point down: " + levelsInWords
	case in(pkg, services...) && in(own, services...):
		return "a provider never imports another"
	case in(pkg, "cmd/chancela", "jobs", "scheduler") && in(own, services...):
		return "only providers/registry names concrete providers"
	case strings.HasSuffix(own, "test") && !in(pkg, own):
		return "test code stays out of the program"
	}
	return ""
}

func TestForbiddenSeesEachLayer(t *testing.T) {
	for pkg, imported := range map[string]string{
		"providers/rest":     "github.com/hibiken/asynq",
		"providers/certyneo": module + "providers/qisign",
		"providers/sdoc":     module + "jobs",
		"storage/ledger":     module + "providers",
		"jobs":               module + "scheduler",
		"jobs/api":           module + "providers/catalisa",
		"jobs/worker":        module + "jobs",
		"jobs/report":        module + "jobs/queue",
		"jobs/notify":        module + "jobs/pages",
		"jobs/intake":        module + "jobs/campaign",
		"scheduler":          module + "cmd/chancela",
		"cmd/chancela":       module + "providers/providertest",
	} {
		if forbidden(pkg, imported) == "" {
			t.Errorf("%s may import %s", pkg, imported)
		}
	}
	if why := forbidden("cmd/chancela", module+"providers/registry"); why != "" {
		t.Error(why)
	}
}

// TestWorkLinksNoHTTPFramework: what work and schedule are made of does not bring the API with
// it. Only jobs/api and the command know the framework and the monitor.
func TestWorkLinksNoHTTPFramework(t *testing.T) {
	args := []string{"list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}"}
	rooms := []string{"jobs", "jobs/worker", "jobs/campaign", "jobs/metrics", "jobs/notify", "jobs/trace/otlp", "scheduler"}
	for _, room := range rooms {
		args = append(args, module+room)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(rooms) {
		t.Fatalf("%d of %d packages were seen", len(lines), len(rooms))
	}
	for _, line := range lines {
		room, deps, _ := strings.Cut(line, " ")
		if !strings.Contains(deps, "runtime") {
			t.Fatalf("%s links nothing", room)
		}
		for dep := range strings.FieldsSeq(deps) {
			if strings.HasPrefix(dep, "github.com/danielgtaylor/huma") || strings.HasPrefix(dep, "github.com/hibiken/asynqmon") || dep == module+"jobs/api" {
				t.Errorf("%s links %s", room, dep)
			}
		}
	}
}

// TestFunctionsAreShort: a function of the program that is longer does more than one thing. Tests
// and the packages that only tests import may tell a longer story.
func TestFunctionsAreShort(t *testing.T) {
	const most = 60 // lines
	files, seen := token.NewFileSet(), 0
	for _, root := range []string{"cmd", "jobs", "providers", "scheduler", "storage"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					begin, end := files.Position(f.Pos()), files.Position(f.End())
					if n := end.Line - begin.Line + 1; n > most {
						t.Errorf("%s has %d lines, more than %d: %s", f.Name.Name, n, most, begin)
					}
					seen++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 1000 {
		t.Fatalf("only %d functions were seen", seen)
	}
}
