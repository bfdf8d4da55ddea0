package archive

import "errors"

// Detailed is an error that says more than its text does, to who looks for it.
type Detailed interface{ Detail() string }

// Detail is all that is known of an error.
func Detail(err error) string {
	var d Detailed
	if errors.As(err, &d) {
		return d.Detail()
	}
	return err.Error()
}
