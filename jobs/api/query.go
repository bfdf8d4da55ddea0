package api

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/campaign"
)

// queryFields are the names that an operation's input takes from the address, and whether each may
// stand there more than once.
func queryFields(input reflect.Type) map[string]bool {
	names := map[string]bool{}
	for _, f := range reflect.VisibleFields(input) {
		if name, how, _ := strings.Cut(f.Tag.Get("query"), ","); name != "" {
			names[name] = how == "explode"
		}
	}
	return names
}

// onlyKnown refuses an address with a field that would change what is done, and does not: one that
// is misspelt, is for another route, or stands there twice.
func onlyKnown(query url.Values, names map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		many, known := names[name]
		switch {
		case !known && len(names) == 0:
			return problem(http.StatusBadRequest, "the address has the field "+short(name)+": there are none here; nothing was done")
		case !known:
			all := slices.Sorted(maps.Keys(names))
			meant := ""
			if near := campaign.Nearest(name, all); near != "" {
				meant = ": did you mean " + near + "?"
			}
			return problem(http.StatusBadRequest, "the address has the field "+short(name)+", which is none of "+strings.Join(all, ", ")+meant+"; nothing was done")
		case !many && len(query[name]) > 1:
			return problem(http.StatusBadRequest, "the field "+name+" stands in the address twice; nothing was done")
		}
	}
	return nil
}
