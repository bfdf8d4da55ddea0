package jobs_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/chancela/chancela/providers/registry"
)

const module = "github.com/chancela/chancela/"

// TestImportsPointDown keeps the house as it is drawn: cmd → scheduler, jobs → providers,
// storage; asynq in jobs and scheduler only; test packages out of the program.
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

func forbidden(pkg, imported string) string {
	in := func(p string, rooms ...string) bool {
		return slices.ContainsFunc(rooms, func(r string) bool { return p == r || strings.HasPrefix(p, r+"/") })
	}
	if strings.HasPrefix(imported, "github.com/hibiken/asynq") && !in(pkg, "jobs", "scheduler") {
		return "asynq is for jobs and scheduler only"
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
	case in(pkg, "providers") && in(own, "storage"), in(pkg, "storage") && in(own, "providers"):
		return "providers and storage do not know each other"
	case in(pkg, "jobs") && in(own, "scheduler"):
		return "jobs is below scheduler"
	case in(pkg, "jobs/intake") && in(own, "jobs") && !in(own, "jobs/intake"):
		return "intake is the ground that jobs stands on"
	case in(pkg, services...) && in(own, services...):
		return "a provider never imports another"
	case in(pkg, "cmd/chancela", "jobs", "scheduler") && in(own, services...):
		return "only providers/registry names concrete providers"
	case (own == "storage/archive/archivetest" || own == "storage/redistest" || own == "providers/providertest") && !in(pkg, own):
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
