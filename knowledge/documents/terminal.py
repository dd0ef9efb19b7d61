"""What `python3 -m knowledge documents` prints."""

from __future__ import annotations

LINES = {
    "documents": "把 Markdown、HTML、DOCX、PDF、XLSX 文档变成可检索的段落",
    "add": "添加文件或文件夹；同名文档会被替换",
    "paths": "文件或文件夹",
    "provider": "只适用于哪家支付机构（与设置里的“支付机构”相同才会用到）；不写表示都适用",
    "dry-run": "只预览：会切成多少段、去掉了什么，不写入",
    "contact": "已核实、可以保留的电话或邮箱；可写多次",
    "list": "列出已添加的文档",
    "remove": "移除一份文档",
    "search": "用一个问题试搜",
    "calibrate": "用标注问题重新拟合“文档能不能回答”的判断",
    "folder": "文档所在的文件夹",
    "questions": "标注问题文件，可写多个；默认用自带的两份",
    "seed": "写回随软件发布的权重文件；不写则只用于本机",
    "reading": "读取文档",
    "asking": "逐条提问",
    "no-files": "没有找到可以添加的文件（支持 .md .html .docx .pdf .xlsx）。",
    "failed": "没有添加 {source}：{reason}。",
    "done": "已添加 {added} 份（{passages} 段），没有变化 {same} 份，没能添加 {failed} 份。运行中的服务几秒内用上。",
    "previewed": "预览：{added} 份，共 {passages} 段，没能读取 {failed} 份。没有写入任何内容。",
    "for-provider": "这些文档只在设置“支付机构”为“{provider}”时才会用到。",
    "dropped": "去掉了 {count} 行：{kinds}",
    "dropped-line": "  [{why}] {source}：{line}",
    "dropped-more": "  ……其余 {count} 行没有列出，加 --dry-run 可看全部。",
    "empty": "还没有添加文档。",
    "removed": "已移除，运行中的服务会在几秒内不再用它。",
    "unknown": "没有编号为 {document} 的文档，用 list 查看编号。",
    "nothing": "没有找到相关段落。",
    "found": "{verdict}（把握 {confidence:.2f}，{threshold:.2f} 以上才会作答）",
    "answers": "会用这段回答",
    "declines": "不会作答",
    "others": "其他接近的段落：",
    "fitted": "已拟合，把握 {answer_at:.3f} 以上作答；写入 {path}",
}

COLUMNS = ("编号", "来源", "标题", "机构", "段落", "添加时间（UTC）")

FIGURES = {
    "answerable": "没参与拟合、文档能答的问题",
    "outside": "没参与拟合、文档答不了的问题",
    "right_at_1": "第一名的引文就对",
    "answered": "能答的里作答的比例",
    "right_of_answered": "作答里引文对的比例",
    "answered_outside": "答不了的里硬答的比例",
    "wrong_at_most": "硬答比例的上界（单侧 95%）",
}
