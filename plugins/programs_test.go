package plugins_test

func beProgram(name string) int { return 2 }
