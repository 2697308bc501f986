"""How nodes of one generation spell their answers. Core 2.5 today; 3.x has its own page later."""
