package providers

import "log/slog"

// Secret is a credential. Printed, logged or marshalled it is ***.
type Secret string

const mask = "***"

// Reveal gives the credential itself, for the request that needs it.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// GoString keeps %#v from showing it.
func (s Secret) GoString() string { return s.String() }

// LogValue keeps slog from showing it.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps encoders from showing it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the credential as it is.
func (s *Secret) UnmarshalText(b []byte) error { *s = Secret(b); return nil }
