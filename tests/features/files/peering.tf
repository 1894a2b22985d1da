locals { two = 2 }
