"""Constitution (体质) scorer: the adult form of ZYYXH/T157-2009, an association standard."""
