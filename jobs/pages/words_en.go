package pages

var english = map[string]string{
	"skip": "Skip to the contents", "nav.label": "Pages", "nav.campaigns": "Campaigns", "nav.send": "Send", "nav.providers": "Providers",
	"who.label": "API key", "who.readonly": "may look only", "signout": "Sign out",
	"simulated.word": "Simulated", "simulated.text": "Nothing leaves this machine: nobody is invited, and nothing is signed.",
	"error.prefix": "Error: %s", "error.title": "There is a problem", "none": "none",

	"signin.title": "Sign in", "signin.key": "API key", "signin.button": "Sign in", "signin.wrong": "Nobody has this key: copy it again, or ask who runs this server.",
	"signin.help": "One of those in CHANCELA_API_KEYS, without its name. You stay signed in for 12 hours.",

	"refused.title": "This did not work", "refused.notfound": "There is nothing here", "refused.forbidden": "You may not do this", "refused.home": "To the campaigns",
	"refused.readonly": "The key %s may look, and change nothing. Ask for a key without :read.", "refused.nocampaign": "There is no campaign of this name.",
	"refused.noenvelope": "There is no envelope of this id.", "refused.prefix": "The key %s is for campaigns whose names begin with %s.",

	"campaigns.title": "Campaigns", "campaigns.new": "Send a campaign", "campaigns.caption": "Campaigns, the newest first", "campaign": "Campaign", "progress": "Progress",
	"archived": "Archived", "attention": "Need somebody", "since": "Since", "of": "%s of %s", "paused": "Paused", "older": "Older campaigns", "next": "Next page",
	"first.title": "Send your first campaign", "first.lead": "A campaign is a spreadsheet: a row for each envelope, with its document and the people who sign it.",

	"campaign.began": "Began on %s", "do.pause": "Pause", "do.resume": "Resume", "do.remind": "Remind", "do.retry": "Retry what failed", "do.cancel": "Cancel",
	"do.retry.these.one": "Retry it", "do.retry.these.other": "Retry these %d", "do.resolve.these": "Decide, one by one",
	"do.one.cancel": "Cancel this envelope", "do.one.remind": "Remind its signers", "do.one.retry": "Retry", "do.one.resolve": "Say whether it was sent",
	"answer": "%s of %s archived (%s)", "answer.sent.one": "%d waiting for its signers", "answer.sent.other": "%d waiting for their signers",
	"answer.waiting.one": "%d not sent yet", "answer.waiting.other": "%d not sent yet", "answer.stuck.one": "%d needs somebody", "answer.stuck.other": "%d need somebody",

	"group.waiting": "not sent yet", "group.sent": "waiting for signers", "group.done": "signed", "group.ended": "ended unsigned", "group.stuck": "need somebody",
	"state.queued": "queued", "state.preparing": "being prepared", "state.sent": "waiting for signers", "state.completed": "signed, files to come", "state.archived": "archived",
	"state.declined": "declined", "state.expired": "expired", "state.canceled": "canceled", "state.failed": "failed", "state.in_doubt": "in doubt",

	"held.title": "What is held back", "held.paused.one": "The campaign is paused: %d envelope that is not sent yet waits. What is with its signers goes on.",
	"held.paused.other": "The campaign is paused: %d envelopes that are not sent yet wait. What is with its signers goes on.",
	"held.unworked":     "No worker runs for %s: start chancela work and chancela schedule, or chancela up.",

	"trouble.key_refused": "refuses the key", "trouble.blocked": "cannot be reached safely", "trouble.unreachable": "does not answer", "trouble.failing": "answers with errors",
	"trouble.paused": "asks us to wait", "trouble.slow": "is slow", "trouble.since": "since %s", "trouble.next": "Next try at %s.", "health.good": "answers",
	"rate": "%s of %s requests a minute",

	"blames.title":             "What went wrong, and what to do",
	"cure.in_doubt":            "The call that invites may or may not have arrived, and the provider gives no way to find out. Look into your account there; then say which. Nothing is sent again by itself.",
	"cure.declined":            "A signer has refused. Talk to them; what is agreed on then is a new envelope, with another id.",
	"cure.expired":             "The time to sign is over. Send it anew under another id, with a later date.",
	"cure.canceled":            "It was withdrawn, here or at the provider. To send it after all, use another id.",
	"cure.failed":              "The provider refuses what this row says. Mend the row and send it under another id; retry when it was the account that was wrong.",
	"cure.transient":           "The provider did not answer well, many times. Nobody was invited: retry when it is well again.",
	"cure.ambiguous":           "The provider did not answer well, many times. Nobody was invited: retry when it is well again.",
	"cure.not_found":           "The provider does not know something that this envelope names: its template, an option, or what was prepared. Mend it, then retry.",
	"cure.unsupported":         "The provider cannot do what this row asks for. Send it under another id, in another way or through another provider.",
	"cure.archive_unavailable": "It is signed, but the archive could not be written to. See to the archive, then retry: only the files are fetched again.",
	"cure.archive_conflict":    "It is signed, but the archive has another file under the same name, and nothing there is overwritten. See whose it is, then retry.",
	"cure.archive_lost":        "It is signed, but the archive did not keep what was written. See to the archive, then retry.",
	"cure.bad_content":         "It is signed, but what the provider gave is no whole file. Retry: it is fetched again.",

	"funnel.title": "How far they are", "funnel.step": "Step", "funnel.share": "Share", "funnel.all": "In the file", "funnel.sent": "Sent", "funnel.signed": "Signed by all", "funnel.archived": "Archived",
	"course.title": "Course", "course.label": "Envelopes over time, by where they stand. The table below has the numbers.", "course.table": "The course as a table", "course.none": "This campaign is older than the record of courses.",
	"left": "Everybody is invited in about %s, at %s a minute.", "left.unknown": "How long the rest takes to send is not known yet.", "left.signers": "All is sent. The rest is up to the signers.",
	"time": "Time", "providers.title": "Providers", "provider": "Provider", "pace": "Pace", "health": "State", "envelopes": "Envelopes", "envelopes.all": "All envelopes",
	"envelopes.title": "Envelopes of %s", "envelopes.none": "No envelopes.",

	"search.label": "Search by id, subject, signer's name or e-mail", "search.button": "Search", "search.nothing": "Nothing matches. Remove a filter, or look for a part of a word.",
	"search.sofar": "Nothing among the first %s. There are more.", "search.on": "Go on searching", "search.seen.one": "%d envelope looked at", "search.seen.other": "%d envelopes looked at",
	"filter.state": "State", "filter.all": "all %s", "filter.every": "all", "filter.remove": "remove this filter", "filter.groups": "Together", "filter.states": "One by one",
	"id": "Id", "subject": "Subject", "signers": "Signers", "state": "State", "name": "Name", "address": "Address", "role": "Role",

	"ended.failed": "Why it failed", "ended.in_doubt": "Was it sent?", "ended.declined": "A signer has refused", "ended.expired": "The time is over", "ended.canceled": "It was canceled",
	"waits.queued": "It waits for its turn to be sent.", "waits.preparing": "It is being prepared at the provider. Nobody was invited yet.", "waits.sent": "The signers were invited. It is up to them now.",
	"waits.completed": "Everybody has signed. Its files are being fetched.", "waits.paused": "Its campaign is paused: it waits until that is resumed.", "waits.cancel": "It is being canceled.",
	"type.electronic": "electronic signature", "type.digital": "digital certificate", "type.approver": "approves", "type.viewer": "receives a copy",
	"signer.pending": "has not signed", "signer.viewed": "has opened it", "signer.signed": "has signed", "signer.approved": "has approved", "signer.declined": "has refused", "signer.unknown": "not asked yet",
	"forgotten": "The personal data of this campaign was removed. The archive has the documents.",
	"timeline":  "What happened", "event.created": "Taken in", "event.intent": "The inviting call was made; its outcome is not known", "event.sent": "The signers were invited", "event.signed": "%s has signed",
	"event.approved": "%s has approved", "event.declined": "%s has refused", "event.completed": "Everybody has signed", "event.archived": "All files are in the archive",
	"event.ended.failed": "Given up until it is retried", "event.ended.in_doubt": "In doubt until somebody decides", "event.ended.declined": "Ended: declined", "event.ended.expired": "Ended: expired", "event.ended.canceled": "Ended: canceled",
	"files": "Files", "file": "File", "size": "Size", "files.none": "Its files come when everybody has signed.", "files.nothing": "The provider had no files.",
	"kind.signed_document": "Signed document", "kind.dossier": "Dossier", "kind.package": "Package", "kind.face": "Photograph of the face", "kind.id_front": "Identity paper, front", "kind.id_back": "Identity paper, back",
	"kind.manifest": "Manifest", "manifest.help": "What is in the archive, with every hash",
	"facts": "More facts", "facts.id": "Id at the provider", "facts.unchecked": "(not confirmed by the provider)", "facts.tries": "Tries to send", "facts.failed.one": "%d failed", "facts.failed.other": "%d failed",
	"facts.notbefore": "Not before", "facts.steps": "Done at the provider", "document": "Document", "template": "Template", "message": "Message",

	"done.pause.one": "Paused. %d envelope waits.", "done.pause.other": "Paused. %d envelopes wait.", "done.resume.one": "Resumed.", "done.resume.other": "Resumed.",
	"done.cancel.one": "%d envelope is stopped, or is being withdrawn.", "done.cancel.other": "%d envelopes are stopped, or are being withdrawn.",
	"done.retry.one": "%d envelope is tried again.", "done.retry.other": "%d envelopes are tried again.", "done.remind.one": "The signers of %d envelope are reminded.", "done.remind.other": "The signers of %d envelopes are reminded.",
	"done.resolve.one": "Settled.", "done.resolve.other": "Settled.", "done.send.one": "%d envelope is on its way.", "done.send.other": "%d envelopes are on their way.",
	"done.refused.one": "For %d it was not possible.", "done.refused.other": "For %d it was not possible.",

	"seconds.one": "%d second", "seconds.other": "%d seconds", "minutes.one": "%d minute", "minutes.other": "%d minutes", "hours.one": "%d hour", "hours.other": "%d hours", "days.one": "%d day", "days.other": "%d days",
}
