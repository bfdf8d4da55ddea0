package jobs

import (
	"github.com/chancela/chancela/jobs/hours"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
	"github.com/chancela/chancela/storage/source"
)

// The words of an envelope, for those who import this package.
type (
	// Envelope is one signing job as its sender asks for it: documents or a template, and the people who
	// sign, at one provider. Campaign, ID, Provider, Subject and Signers are required; so is one of Documents
	// and Template.
	Envelope = providers.Envelope

	// Document is a file to be signed, or an image of an identity paper: a Name with its ending, and either
	// Open, which gives the content and may be called more than once, or a Source of the form
	// s3://bucket/key. SHA256, Size and Type are found from the content: leave them empty.
	Document = providers.Document

	// Signer is a person who is invited, by Email or Phone. The number of a signer, from 1, is the place in
	// Envelope.Signers: "signer1.email" in [Problems], and [Client.RemindSigner].
	Signer = providers.Signer

	// Stamp places the visible signature of a signer, in points from the page's lower left corner.
	Stamp = providers.Stamp

	// Place is where a signer fills something in: a date, a text, a check mark.
	Place = providers.Place

	// Expiry is the last day to sign: a Date, or a number of Days after the envelope was accepted.
	Expiry = providers.Expiry

	// Key names an envelope, by its campaign and its id. It is the idempotency key: [Envelope.Key] has it, and
	// [Accepted] has it in normal form.
	Key = providers.Key

	// Problems are all that is wrong with an envelope, each with its field: the error of [Client.Check] and
	// [Client.Enqueue].
	Problems = providers.Problems
	// Problem is one of [Problems].
	Problem = providers.Problem

	// Hours are when a campaign's invitations may leave: see [Client.SetHours].
	Hours = hours.Settings
	// Reminders are when signers are reminded by themselves: see [Client.SetReminders].
	Reminders = hours.Reminders
)

// Report is what a person is told about an envelope. Its State is one of the states of this package: Queued,
// Preparing and so on.
type Report = report.Report

// State is where an envelope stands.
type State = ledger.State

// The states. They compare with a [State] and with the State of a [Report].
const (
	Queued    = "queued"    // accepted, and nothing was done at the provider
	Preparing = "preparing" // some calls were made, and nobody was invited yet
	Sent      = "sent"      // the signers were invited
	Completed = "completed" // all have signed, and not all files are archived
	Archived  = "archived"  // every file that the provider offers is in the archive
	Declined  = "declined"
	Expired   = "expired"
	Canceled  = "canceled"
	Failed    = "failed"   // until it is retried: nobody was invited, or its files cannot be archived
	InDoubt   = "in_doubt" // until it is resolved: nobody can say whether the invitation has left
)

// Kind is what an operation on a whole campaign does: see [Client.Begin] and [Client.WouldAll].
type Kind = ledger.Kind

// The kinds. KindForgetUnfinished is KindForget that ends failed and doubtful envelopes, too.
const (
	KindRetry            = ledger.RetryAll
	KindCancel           = ledger.CancelAll
	KindRemind           = ledger.RemindAll
	KindResume           = ledger.ResumeAll
	KindForget           = ledger.ForgetAll
	KindForgetUnfinished = ledger.ForgetUnfinished
)

// ErrNotFound: there is no such campaign, or no such envelope.
var ErrNotFound = ledger.ErrNotFound

// OpenSource opens a document that is named s3://bucket/key.
type OpenSource = source.Open
