"""Verbal aggression: what 243 women and 73 men would say or do in four situations, 24 items (Vansteelandt 2000; De Boeck & Wilson 2004).

From the data set VerbAgg of the R package lme4, copied in Rdatasets: "perhaps" and "yes" count as 1, as in the data set verbal of difR. A person is
24 bits in hexadecimal, the first item first.
"""

import numpy as np

from question_bank.domain.responses import Responses

ITEMS = tuple(f"S{situation}{mode}{act}" for mode in ("Want", "Do") for situation in (1, 2, 3, 4) for act in ("Curse", "Scold", "Shout"))
WOMEN = """
000000 000000 000000 000000 000008 000906 000907 000924 00ed04 020800 024000 030d02 041024 041e44 045e16 048000 048b34 079615 100248 102400 102482
104000 104800 105804 124004 124b00 145100 180000 180100 184200 1a7000 1a7d86 1ac92a 1c0000 1c0582 1e0000 200000 201d86 202926 204000 204926 249200
249da4 24f904 300002 35db65 364804 367cd7 3c41e6 3e7186 404a04 480180 494004 4a4800 4b6db6 504884 521000 586984 5a0980 5c6d87 6c0924 6d3201 6d3487
784900 7c6bc6 7c7000 7c7fc4 7dfc20 7ffff7 800000 800400 824000 900000 901001 904000 904004 904800 904904 9149b2 924000 924924 924924 925905 926906
944fbf 9477c3 95cda6 986924 9a4980 9a5586 9b4e00 9b6d06 9b6db6 9c49a4 9c6986 9e6924 9e7004 a44000 a69b24 b24804 b24d24 b46fe2 b5cfb7 b64b64 b64e26
b65920 b68b00 b6fddf b79014 bbc800 bc0fa4 bcf4cf be5965 befc24 bf7da4 c00000 c30c30 c3ce34 c80506 cb0000 d00d00 d04000 d24d24 d36db6 d38926 d3c830
d84d06 d86ca6 d87ec7 d90482 da0d00 da4000 da4698 da4806 da4d26 da5d85 da6000 da6006 da6126 da69a6 da6d04 da6d26 da6da6 da6fe7 db4db4 db6180 db6820
db6db6 db7134 dc4080 de0004 de6106 de6c27 df0000 df0df0 df4da4 df5d25 df77c4 e3d209 e80c00 eb0fb0 ebc924 ee4800 f07f07 f30820 f40f00 f437a6 f48000
f60644 f7ef3e f80c20 f80dc0 f84900 fa7d07 fb6d86 fb6ee0 fb6fb6 fbe5b2 fc09a4 fc0fc0 fc0fc6 fc4804 fc6fe2 fc6fe6 fc71c7 fc7f86 fc7fc7 fceb46 fd4f30
fd7fef fe0490 fe0f4c fe0fe0 fe4b80 fe4d80 fe4f24 fe63c7 fe7f37 fe7fe5 fe7fe7 fe8fc0 feb200 febd96 fecd24 feffc7 ff4db4 ff4de0 ff6df4 ff6e36 ff7001
ff7d86 ff7db4 ff7df7 ff7f86 ff7fc6 ff7ff7 ff8fc0 ffbec9 ffcffc ffd924 ffd924 ffdfc8 ffdfff ffec30 ffec82 ffedb6 ffee36 ffeff0 ffeffe fffd87 fffe07
fffee6 ffffa7 ffffb4 ffffb6 ffffc7 ffffd6 fffff6 fffff6 ffffff ffffff ffffff ffffff
"""
MEN = """
000020 000d86 000de4 002da6 006c96 00cb27 020304 092480 0a0000 110fb5 182d90 1c01c2 1f8dde 249040 265164 300b80 320100 36f92f 464f36 5c6da6 68cdb6
786f96 838924 904d36 924000 924904 924926 9650c0 9b69a4 9befac 9f0900 b24d84 b34c20 bdfff7 c06400 d34c20 d36d86 d86d86 d86da6 da49a4 db0030 db5db4
db6d86 db6db6 dd7d87 dee924 df4df5 e01400 e121b8 ea6f86 f34db6 f45d26 f82d86 fa4fa4 fb2d70 fb6fb6 fbc6ef fbdfaf fc2ff4 fc7f27 fd7d86 fe7ed6 fe8fe0
ff0db6 ff6f46 ff6fe6 ff71b4 ff7fe7 ff7ff6 ff7fff ffcff2 fffffe ffffff
"""


def responses() -> Responses:
    """Return the responses with the people's gender."""
    women, men = WOMEN.split(), MEN.split()
    right = np.array([[int(person, 16) >> (23 - item) & 1 for item in range(24)] for person in (*women, *men)], np.int8)
    return Responses(ITEMS, right, groups={"gender": np.array(["woman"] * len(women) + ["man"] * len(men))})
