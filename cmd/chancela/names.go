package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/registry"
)

// known are the names of all variables.
func known() map[string]bool {
	names := map[string]bool{prefix + "TEST_REQUIRE": true} // of the tests
	for _, f := range fields() {
		names[f.Key] = true
		if f.secret {
			names[f.Key+"_FILE"] = true
		}
	}
	return names
}

// unknown are variables that begin like ours and are not.
func unknown(environ map[string]string) []string {
	ours := known()
	var names []string
	for name := range environ {
		if strings.HasPrefix(name, prefix) && !ours[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mistake is a variable that is not known, and the known one that is probably meant.
type mistake struct{ name, meant string }

// serviceLink is what Kubernetes sets for the Services of a namespace.
var serviceLink = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT|SERVICE_PORT_[A-Z0-9_]+|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)$`)

// mistakes are variables whose names are near a known one: somebody believes to have set
// that. A warning would be overlooked, and simulators would sign.
func mistakes(environ map[string]string) []mistake {
	ours := known()
	var all []mistake
	for name := range environ {
		if ours[name] || !strings.HasPrefix(strings.ToUpper(name), "CHANC") || serviceLink.MatchString(name) {
			continue
		}
		if meant := near(name, ours); meant != "" {
			all = append(all, mistake{name, meant})
		}
	}
	slices.SortFunc(all, func(a, b mistake) int { return strings.Compare(a.name, b.name) })
	return all
}

// near is the known name that a name is probably meant to be, or empty. Some letters are
// wrong, or it is about a provider, the Redis or the archive, in words of its own.
func near(name string, ours map[string]bool) string {
	upper := strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	best, least := "", len(upper)
	for meant := range ours {
		d := distance(upper, meant)
		if d < least || d == least && meant < best {
			best, least = meant, d
		}
	}
	allowed := 2
	if len(upper) <= len(prefix)+4 {
		allowed = 1
	}
	if least <= allowed {
		return best
	}
	for _, family := range append([]string{"redis", "archive"}, registry.Names()...) {
		if head := prefix + strings.ToUpper(family); upper == head || strings.HasPrefix(upper, head+"_") {
			return closest(upper, head, ours)
		}
	}
	return ""
}

// closest is the known name beginning with head that a name is nearest to.
func closest(name, head string, ours map[string]bool) string {
	best := ""
	for meant := range ours {
		if !strings.HasPrefix(meant, head+"_") {
			continue
		}
		if d, least := distance(name, meant), distance(name, best); d < least || d == least && meant < best {
			best = meant
		}
	}
	return best
}

// distance counts the letters that must be put in, left out, replaced or swapped with
// their neighbour to make b of a.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
