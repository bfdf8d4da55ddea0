package campaign

import (
	"strings"
	"testing"

	"github.com/chancela/chancela/jobs"
)

func TestLinksAreNoFormulas(t *testing.T) {
	var out strings.Builder
	n, err := WriteLinks(&out, func(yield func(jobs.SigningLink, error) bool) {
		_ = yield(jobs.SigningLink{ID: "1", Signer: `=HYPERLINK("http://x";"y")`, Link: "https://sign.example.test/s/1", Shows: "signing"}, nil) &&
			yield(jobs.SigningLink{ID: "-2", Signer: "Bia, a sócia", Link: "https://sign.example.test/s/2", Shows: "signing"}, nil)
	})
	want := "id,signer,link,shows\n" + `1,"'=HYPERLINK(""http://x"";""y"")",https://sign.example.test/s/1,signing` + "\n" + `'-2,"Bia, a sócia",https://sign.example.test/s/2,signing` + "\n"
	if err != nil || n != 2 || out.String() != want {
		t.Errorf("%d, %v\n%s", n, err, out.String())
	}
	out.Reset()
	if n, err := WriteLinks(&out, func(func(jobs.SigningLink, error) bool) {}); n != 0 || err != nil || out.Len() > 0 {
		t.Errorf("none: %d, %v, %q", n, err, out.String())
	}
}
