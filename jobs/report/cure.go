package report

import (
	"strings"

	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// StateWord is a state for people.
func StateWord(s ledger.State) lang.Text { return lang.Of(string(s)) }

// StateCount is how many envelopes are in a state, for people.
func StateCount(n int64, s ledger.State) lang.Text {
	return lang.Of("%d "+strings.ReplaceAll(string(s), "_", " "), n)
}

// Cure is what to do about an envelope that has ended without being archived; code is that of its
// error.
func Cure(state ledger.State, code string) lang.Text {
	switch state {
	case ledger.InDoubt:
		return lang.Of("The call that invites may or may not have arrived, and the provider gives no way to find out. Look into your account there; then say which. Nothing is sent again by itself.")
	case ledger.Declined:
		return lang.Of("A signer has refused. Talk to them; what is agreed on then is a new envelope, with another id.")
	case ledger.Expired:
		return lang.Of("The time to sign is over. Send it anew under another id, with a later date.")
	case ledger.Canceled:
		return lang.Of("It was withdrawn, here or at the provider. To send it after all, use another id.")
	}
	switch code {
	case "transient", "ambiguous":
		return lang.Of("The provider did not answer well, many times. Nobody was invited: retry when it is well again.")
	case "not_found":
		return lang.Of("The provider does not know something that this envelope names: its template, an option, or what was prepared. Mend it, then retry.")
	case "unsupported":
		return lang.Of("The provider cannot do what this row asks for. Send it under another id, in another way or through another provider.")
	case "archive_unavailable":
		return lang.Of("It is signed, but the archive could not be written to. See to the archive, then retry: only the files are fetched again.")
	case "archive_conflict":
		return lang.Of("It is signed, but the archive has another file under the same name, and nothing there is overwritten. See whose it is, then retry.")
	case "archive_lost":
		return lang.Of("It is signed, but the archive did not keep what was written. See to the archive, then retry.")
	case "bad_content":
		return lang.Of("It is signed, but what the provider gave is no whole file. Retry: it is fetched again.")
	}
	return lang.Of("The provider did not take it. Where its words name something of the row, mend that and send the row under another id; where the account or the service was at fault, retry.")
}
