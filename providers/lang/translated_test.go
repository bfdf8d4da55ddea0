package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// sources parses all Go files of the program.
func sources(t *testing.T, see func(path string, file *ast.File)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		inner, _ := filepath.Rel(root, path)
		inner = filepath.ToSlash(inner)
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(inner, "cmd/bench/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err == nil {
			seen++
			see(inner, file)
		}
		return err
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files: %v", seen, err)
	}
}

// literal is a string that is written out, in one piece or in several.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, ok := literal(e.X)
		y, also := literal(e.Y)
		return x + y, ok && also
	}
	return "", false
}

// said are the texts that a call makes, by its last name and the one before it: printer.Sprintf.
func said(path, before, name string, args []ast.Expr) []string {
	var at []int
	var texts []string
	inCommand, inRoom := strings.HasPrefix(path, "cmd/chancela/"), strings.HasPrefix(path, "providers/") || strings.HasPrefix(path, "jobs/")
	switch {
	case before == "lang" && (name == "Of" || name == "Errorf"), inCommand && (name == "usage" || name == "bad"), before == "" && (name == "hint" && path == "cmd/chancela/hints.go" || name == "print" && path == "cmd/chancela/status.go" || name == "say" && path == "cmd/chancela/live.go"),
		name == "Sprintf" && strings.HasSuffix(before, "anguage"), name == "refuse" && strings.HasPrefix(path, "jobs/campaign/xlsx/"):
		at = []int{0}
	case before == "lang" && name == "N":
		at = []int{1, 2}
	case name == "Add" && inRoom && strings.HasSuffix(before, "roblems"), name == "Add" && before == "p" && strings.HasPrefix(path, "providers/check"),
		name == "add" && before == "c" && strings.HasPrefix(path, "jobs/intake/"), name == "refuse" && strings.HasPrefix(path, "providers/certyneo/"), name == "notNow" && strings.HasPrefix(path, "jobs/"):
		at = []int{1}
	case strings.Contains(filepath.Base(path), "doctor") || path == "providers/rest/examine.go" || path == "providers/sdoc/seconduse.go": // what a finding is about
		for _, a := range args[:checks(name)] {
			if s, ok := literal(a); ok {
				texts = append(texts, s)
			}
		}
		return texts
	case name == "count" && inCommand && len(args) == 2:
		if noun, ok := literal(args[1]); ok {
			return []string{"%d " + noun, "%d " + noun + "s"}
		}
	}
	for _, i := range at {
		if i < len(args) {
			if s, ok := literal(args[i]); ok {
				texts = append(texts, strings.ReplaceAll(s, "%w", "%v"))
			}
		}
	}
	return texts
}

// checks is how many of the first arguments of a doctor's call name what its finding is about.
func checks(name string) int {
	switch name {
	case "Fine", "Note", "Wrong", "Refused", "Decode":
		return 1
	case "fine", "note", "wrong":
		return 2
	}
	return 0
}

// saidInPage is a text of a page that is a template.
var saidInPage = regexp.MustCompile(`\bt "([^"]+)"`)

// pages are the templates whose texts stand in catalogues.
func pages(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "jobs/campaign/*.html"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%v, %v", all, err)
	}
	return all
}

// texts are all that the program says by this package, with the file of each.
func saidTexts(t *testing.T) map[string]string {
	all := map[string]string{}
	sources(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok && strings.HasPrefix(path, "providers/") {
				if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Help" { // of an option, in templates
					if s, ok := literal(pair.Value); ok {
						all[s] = path
					}
				}
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			before, name := "", ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
				switch x := f.X.(type) {
				case *ast.Ident:
					before = x.Name
				case *ast.SelectorExpr:
					before = x.Sel.Name
				}
			}
			for _, s := range said(path, before, name, call.Args) {
				all[s] = path
			}
			return true
		})
	})
	for _, path := range pages(t) {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range saidInPage.FindAllStringSubmatch(string(page), -1) {
			all[m[1]] = path
		}
	}
	for _, word := range []string{"ok", "note", "wrong", "second use", "party"} { // of the doctor: marks, and what is named by a constant
		all[word] = "providers/doctor.go"
	}
	if len(all) < 500 {
		t.Fatalf("only %d texts were found", len(all))
	}
	return all
}

// catalogues are the texts of all files portuguese.go.
func catalogues(t *testing.T) map[string]string {
	all := map[string]string{}
	sources(t, func(path string, file *ast.File) {
		if filepath.Base(path) != "portuguese.go" {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			english, ok := literal(pair.Key)
			value := pair.Value
			if forms, several := value.(*ast.CompositeLit); several && len(forms.Elts) == 2 { // for one, and for others
				value = forms.Elts[1]
			}
			portuguese, also := literal(value)
			if !ok || !also {
				return true
			}
			if have := all[english]; have != "" && have != portuguese {
				t.Errorf("%s: %q is translated otherwise elsewhere: %q", path, english, have)
			}
			all[english] = portuguese
			return true
		})
	})
	return all
}

// names are flags, variables and the like, which are the same in all languages.
var names = regexp.MustCompile(`--[a-z-]+|%s[A-Z_]+|U\+`)

// TestAllIsTranslated finds texts without a Portuguese one.
func TestAllIsTranslated(t *testing.T) {
	have := catalogues(t)
	for text, path := range saidTexts(t) {
		if have[text] == "" && Wordy(names.ReplaceAllString(text, "")) {
			t.Errorf("%s: no translation of %q", path, text)
		}
	}
}

var verb = regexp.MustCompile(`%[-+# 0]*(\[\d+\])?[\d.*]*[a-zA-Z]`)

// TestTranslationsTakeTheSameArguments compares the verbs.
func TestTranslationsTakeTheSameArguments(t *testing.T) {
	verbs := func(format string) []string {
		var all []string
		next := 1
		for _, v := range verb.FindAllString(strings.ReplaceAll(format, "%%", ""), -1) {
			if open := strings.IndexByte(v, '['); open >= 0 {
				next, _ = strconv.Atoi(v[open+1 : strings.IndexByte(v, ']')])
			}
			all = append(all, strconv.Itoa(next)+v[len(v)-1:])
			next++
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for english, portuguese := range catalogues(t) {
		if a, b := verbs(english), verbs(portuguese); !slices.Equal(a, b) {
			t.Errorf("%q takes %v, and %q takes %v", english, a, portuguese, b)
		}
	}
}
