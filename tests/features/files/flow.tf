locals { one = 1 }
