"""Who can sign in to the demo; read at every start, so it imports nothing of the product."""

PASSWORD = "xinqing-2026"  # noqa: S105 - printed by `make demo`; a live database refuses shared passwords
CAST = (
    ("lin", "林晓雨 · teacher: one lesson, its quiz and the exam away from her certificate"),
    ("zhou", "周明远 · teacher at the very beginning"),
    ("tao", "陶静 · class administrator: progress, activation codes, appeals"),
    ("xia", "夏知微 · county manager: people, requests for another study window"),
    ("wei", "魏书恒 · question author"),
    ("rong", "容思齐 · question reviewer (a second pair of eyes)"),
    ("kang", "康一帆 · course editor: lessons and videos"),
    ("wen", "闻若溪 · examiner: short texts of an exam wait to be marked"),
    ("ning", "宁致和 · province manager: programme, lists, exams, certificates"),
    ("yan", "严清越 · operator and auditor: load, control room, who did what"),
)
# Facts in the database: that it was empty when we began to fill it; once everything is there, days worth rehearsing, by what they are.
BEGUN, FILLED = "demo_begun", "demo_filled"
