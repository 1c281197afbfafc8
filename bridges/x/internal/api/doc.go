// Package api makes calls to X on behalf of one account: with its credentials, within its limits and its money. Every refusal, in
// all of X's shapes, becomes a chat.Error that says what it means.
//
// # Money and limits
//
// X allows 15 sends in 15 minutes and charges for each one, and for each event and profile it shows. Budgets per UTC day
// are kept on disk; a send over budget is throttled until the next day, and polls become rarer as the budget melts.
//
// # Credentials
//
// OAuth 1.0a tokens do not expire. OAuth 2.0 tokens live two hours, and a refresh kills the refresh token it was made
// with; so the new pair is kept on disk before it is used, and one goroutine refreshes at a time. If the process dies
// after X answered and before the disk did, the pair is lost and a person must log in again; no client can close that
// window.
package api
