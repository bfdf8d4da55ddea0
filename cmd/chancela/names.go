package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers/lang"
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

// composed are the variables of docker-compose.yml itself, which no process reads.
var composed = map[string]bool{prefix + "ENV": true, prefix + "SECRETS": true, prefix + "IMAGE": true, prefix + "PORT": true}

// unknown are variables that begin like ours and are not.
func unknown(environ map[string]string) []string {
	ours := known()
	var names []string
	for name := range environ {
		if strings.HasPrefix(name, prefix) && !ours[name] && !composed[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mistake is a variable that is not known, and the known ones that are probably meant.
type mistake struct {
	name  string
	meant []string
}

// serviceLink is what Kubernetes sets for the Services of a namespace.
var serviceLink = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT|SERVICE_PORT_[A-Z0-9_]+|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)$`)

// mistakes are variables whose names are near a known one: somebody believes to have set
// that. A warning would be overlooked, and simulators would sign.
func mistakes(environ map[string]string) []mistake {
	ours := known()
	var all []mistake
	for name := range environ {
		if ours[name] || composed[name] || !strings.HasPrefix(strings.ToUpper(name), "CHANC") || serviceLink.MatchString(name) {
			continue
		}
		if meant := near(name, ours); len(meant) > 0 {
			all = append(all, mistake{name, meant})
		}
	}
	slices.SortFunc(all, func(a, b mistake) int { return strings.Compare(a.name, b.name) })
	return all
}

func (m mistake) said() lang.Text {
	if len(m.meant) > 1 {
		return lang.Of("%s is not known: is one of %v meant? Rename or unset it", m.name, lang.Or(m.meant))
	}
	return lang.Of("%s is not known: is %s meant? Rename or unset it", m.name, m.meant[0])
}

// mostMeant is how many names are proposed for one that is not known.
const mostMeant = 3

// near are the known names that a name is probably meant to be, or none: some letters are
// wrong; its words are words of a known name; or its first word is a provider, or what
// other names begin with, and the rest is in words of its own.
func near(name string, ours map[string]bool) []string {
	upper := strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	if before, token := strings.CutSuffix(upper, "_TOKEN"); token { // as some providers call their key
		upper = before + "_API_KEY"
	}
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
		return []string{best}
	}
	base, fromFile := strings.CutSuffix(upper, "_FILE")
	_, rest, _ := strings.Cut(base, "_")
	words := strings.Split(rest, "_")
	meant := nearWords(words)
	if len(meant) == 0 {
		meant = family(words[0])
	}
	meant = meant[:min(len(meant), mostMeant)]
	for i := range meant {
		if fromFile && ours[meant[i]+"_FILE"] {
			meant[i] += "_FILE"
		}
	}
	return meant
}

// nearWords are the variables of a provider whose name, without the provider, is these
// words; else those whose names hold all of these words, in this order. One word alone is
// too little, unless it is the whole name or the end of a secret's.
func nearWords(words []string) []string {
	var same, like []string
	rest := strings.Join(words, "_")
	for _, f := range fields() {
		theirs := strings.Split(strings.TrimPrefix(f.Key, prefix), "_")
		_, own, _ := strings.Cut(strings.TrimPrefix(f.Key, prefix), "_")
		_, after, _ := strings.Cut(rest, "_")
		switch provider := slices.Contains(registry.Names(), strings.ToLower(theirs[0])); {
		case provider && (own == rest || own == after && alikeAny(words[0], registry.Names())):
			same = append(same, f.Key)
		case !within(words, theirs):
		case len(words) > 1, len(theirs) == 1, f.secret && alike(words[0], theirs[len(theirs)-1]):
			like = append(like, f.Key)
		}
	}
	if len(same) > 0 {
		return same
	}
	return like
}

// family are the variables whose names begin with a word.
func family(word string) []string {
	var all []string
	for _, f := range fields() {
		first, rest, _ := strings.Cut(strings.TrimPrefix(f.Key, prefix), "_")
		if rest != "" && (word == first || len(word) >= 4 && distance(word, first) <= 1) {
			all = append(all, f.Key)
		}
	}
	return all
}

// within tells whether all words are among others, in their order.
func within(words, others []string) bool {
	for _, other := range others {
		if len(words) > 0 && alike(words[0], other) {
			words = words[1:]
		}
	}
	return len(words) == 0
}

func alikeAny(word string, others []string) bool {
	return slices.ContainsFunc(others, func(other string) bool { return alike(word, strings.ToUpper(other)) })
}

// alike tells whether two words are the same but for a letter, or one is short for the
// other: LANG and LANGUAGE, NOTIFY and NOTIFICATION.
func alike(a, b string) bool {
	common := 0
	for common < min(len(a), len(b)) && a[common] == b[common] {
		common++
	}
	return a == b || min(len(a), len(b)) >= 4 && (common >= 4 && common+1 >= min(len(a), len(b)) || distance(a, b) <= 1)
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
