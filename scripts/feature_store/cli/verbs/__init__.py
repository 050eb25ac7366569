"""The functions of the console command's verbs, one module each; scripts/ run them too."""
