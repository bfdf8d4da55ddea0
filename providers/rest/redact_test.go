package rest

import "testing"

func TestRedact(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"id":"1","token":"t"}`, `{"id":"1"}`},
		{`{"a":[{"token":"t","n":12345678901234567890}],"b":{"token":{"x":1}}}`, `{"a":[{"n":12345678901234567890}],"b":{}}`},
		{`"token"`, `"token"`},
		{`{"id":`, ``},
	} {
		if got := string(Redact([]byte(c.in), "token")); got != c.want {
			t.Errorf("Redact(%s) = %s, want %s", c.in, got, c.want)
		}
	}
}
