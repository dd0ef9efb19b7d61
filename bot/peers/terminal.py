"""What the comparison says on a terminal, on standard error; tables are English, as all figures are."""

INSTALLING = "安装用来对比的软件包（首次要几分钟，之后不再装）"
NOT_INSTALLED = "没有和 {name} 对比：{reason}"
FAILED = "没有和 {name} 对比：{doing}时出错（{reason}）"
BUILDING = "建立或训练"
ASKING = "提问"
DOING = "{name}：{doing}"
DRAWN = "图已画好：{path}"
NOT_DRAWN = "图没有画成：{path} 写不了（{reason}）"
NO_QUESTIONS = "问题文件读不了：{path}（{reason}）。每行一个 JSON：q、entry 或 entry_any、expect"
NO_ANSWERABLE = "问题文件 {path} 里没有可以回答的问题（expect 为 answer）"
UNKNOWN_PACKAGE = "软件包没有装上（{reason}）"
HELP = {
    "about": "同一批问题、同一批条目，把我们的检索和 BM25、TF-IDF、线性 SVC、Rasa、Haystack 放在一起比",
    "questions": "标注好的问题，每行一个 JSON（默认：自带的问题集）",
    "plot": "图存到哪个文件（默认放在数据目录的 evaluation 里）",
    "without": "不比哪几个",
}
