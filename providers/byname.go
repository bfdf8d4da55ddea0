package providers

import "strings"

// namePrefix stands before a name in a column that otherwise holds a service's id.
const namePrefix = "name:"

// ByName is the name in "name:Lease"; false for what is an id.
func ByName(value string) (name string, is bool) {
	if len(value) < len(namePrefix) || !strings.EqualFold(value[:len(namePrefix)], namePrefix) {
		return "", false
	}
	return Trim(value[len(namePrefix):]), true
}
