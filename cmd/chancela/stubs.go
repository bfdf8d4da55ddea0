package main

import (
	"context"
	"github.com/chancela/chancela/jobs"
	"github.com/spf13/cobra"
)

func stub(n string) *cobra.Command                                               { return &cobra.Command{Use: n} }
func newEnqueue(sys *system) *cobra.Command                                      { return stub("enqueue") }
func newStatus(sys *system) *cobra.Command                                       { return stub("status") }
func newReport(sys *system) *cobra.Command                                       { return stub("report") }
func newVerify(sys *system) *cobra.Command                                       { return stub("verify") }
func newPause(sys *system) *cobra.Command                                        { return stub("pause") }
func newResume(sys *system) *cobra.Command                                       { return stub("resume") }
func newRetry(sys *system) *cobra.Command                                        { return stub("retry") }
func newCancel(sys *system) *cobra.Command                                       { return stub("cancel") }
func newRemind(sys *system) *cobra.Command                                       { return stub("remind") }
func newResolve(sys *system) *cobra.Command                                      { return stub("resolve") }
func newForget(sys *system) *cobra.Command                                       { return stub("forget") }
func newWork(sys *system) *cobra.Command                                         { return stub("work") }
func newSchedule(sys *system) *cobra.Command                                     { return stub("schedule") }
func newServe(sys *system) *cobra.Command                                        { return stub("serve") }
func newUp(sys *system) *cobra.Command                                           { return stub("up") }
func newSandbox(sys *system) *cobra.Command                                      { return stub("sandbox") }
func newConfig(sys *system) *cobra.Command                                       { return stub("config") }
func (e *engine) joinSimulators(context.Context, *system) error                  { return nil }
func writeReports(context.Context, *jobs.Client, []string, string, string) error { return nil }
