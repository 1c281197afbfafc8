// Package text holds what becomes of a text on its way from one platform to another, as golden files: one page of samples is
// written on each platform by a person, heard by the platform's connector, posted by every connector, and read back from the
// simulator on which it arrived.
//
//	typed on A → wire of A → neutral text → wire of B, as testdata/A-B.golden has it
//
// go test ./test/text -update writes the files anew; the difference is to be read before it is committed. Whatever the files
// say, nobody may have been pinged, and no character that was written may be missing.
package text
