package providers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Page is a place in a list that is read with one filter after the other.
type Page struct {
	Filter string
	Number int // from 1
}

// ParsePage reads a cursor that [Page.Next] has made for these filters.
func ParsePage(cursor string, filters []string) (Page, error) {
	filter, number, _ := strings.Cut(cursor, "/")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || !slices.Contains(filters, filter) {
		return Page{}, &Error{Kind: Invalid, Err: fmt.Errorf("the cursor %q is not one of this list", cursor)}
	}
	return Page{filter, n}, nil
}

// Next is the cursor of the page after this one, empty after the last.
func (p Page) Next(more bool, filters []string) string {
	if more {
		return p.Filter + "/" + strconv.Itoa(p.Number+1)
	}
	i := slices.Index(filters, p.Filter) + 1
	if i == len(filters) {
		return ""
	}
	return filters[i] + "/1"
}
