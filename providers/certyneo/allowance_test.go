package certyneo

import (
	"fmt"
	"testing"
	"time"
)

// TestAllowance counts what was sent this month; where it cannot be counted, nothing is told.
func TestAllowance(t *testing.T) {
	now := time.Now().UTC()
	today, before := now.Format(time.RFC3339), now.AddDate(0, -2, 0).Format(time.RFC3339)
	list := func(plan string, data string) (left int, told bool) {
		f, p := newFake(t)
		f.Answer("GET /account/me", 200, fmt.Sprintf(`{"id":"usr_1","email":"a@exemple.test","name":"A","plan":%q}`, plan))
		f.Answer("GET /envelopes", 200, `{"data":[`+data+`],"pagination":{"total":4,"page":1,"pageSize":100,"pages":1}}`)
		a, err := p.Allowance(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a == nil {
			return 0, false
		}
		return a.Left, true
	}
	envelope := func(status, at string) string {
		return fmt.Sprintf(`{"id":"env_1","status":%q,"createdAt":%q}`, status, at)
	}
	sent, draft, old := envelope("SENT", today), envelope("DRAFT", today), envelope("COMPLETED", before)
	for _, c := range []struct {
		plan, data string
		left       int
		told       bool
	}{
		{"FREE", sent + "," + draft + "," + old, 4, true},
		{"free", "", 5, true},
		{"Free", sent + "," + sent + "," + sent + "," + sent + "," + sent + "," + sent, 0, true},
		{"FREE", `{"id":"env_1","status":"SENT"}`, 0, false},
		{"FREE", `{"id":"env_1","status":"SENT","createdAt":17}`, 0, false},
		{"BUSINESS", sent, 0, false},
		{"", sent, 0, false},
	} {
		if left, told := list(c.plan, c.data); left != c.left || told != c.told {
			t.Errorf("plan %q, list [%s]: %d left, told %t; want %d, %t", c.plan, c.data, left, told, c.left, c.told)
		}
	}
}
