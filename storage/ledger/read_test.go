package ledger

import (
	"maps"
	"testing"
)

// TestCampaignCountsByProvider: what another campaign has at the same provider is not
// counted, and the counts follow every change of state.
func TestCampaignCountsByProvider(t *testing.T) {
	l, _ := open(t)
	entries := []Entry{
		{Campaign: "june", ID: "1", Provider: "certyneo", Digest: "a", State: Queued},
		{Campaign: "june", ID: "2", Provider: "sdoc", Digest: "b", State: Queued},
		{Campaign: "july", ID: "1", Provider: "certyneo", Digest: "c", State: Queued},
	}
	if _, err := l.Create(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	write(t, claim(t, l, "1", 1), change{To: Preparing})
	c, err := l.Campaign(t.Context(), "june")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[State]int64{"certyneo": {Preparing: 1}, "sdoc": {Queued: 1}}
	if !maps.EqualFunc(c.Providers, want, maps.Equal) {
		t.Errorf("by provider %v, want %v", c.Providers, want)
	}
}

// TestOlderCampaignIsNotCountedByProvider: a campaign that was begun before these counts
// has only the changes since in them.
func TestOlderCampaignIsNotCountedByProvider(t *testing.T) {
	l, _ := open(t)
	create(t, l, "1")
	if err := l.db.HDel(t.Context(), campaignKey("june"), "counted").Err(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Campaign(t.Context(), "june")
	if err != nil || c.Providers != nil {
		t.Errorf("by provider %v, %v", c.Providers, err)
	}
}
