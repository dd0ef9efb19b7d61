"""What the knowledge commands print, for the people who curate."""

from __future__ import annotations

LINES = {
    "about": "知识库的导入、导出、评测与校准",
    "import": "从文件夹导入条目（先预览，再确认；默认导入自带条目）",
    "yes": "不询问，直接导入",
    "export": "把已发布的条目导出到文件夹",
    "evaluate": "用标注问题评测检索与拒答",
    "calibrate": "用标注问题重新校准置信度和阈值",
    "wrong-rate": "直接回答里允许答错的比例",
    "seed": "按自带条目校准，写回随软件发布的校准文件",
    "train": "用自带条目重新训练内置编码器（之后请再运行 calibrate --seed）",
    "unreadable": "没有导入任何内容：文件里有 {count} 处问题，改好后再导入。",
    "failed": "没有完成：",
    "preview": "预览：新增 {new} 条，修改 {changed} 条，不变 {same} 条。",
    "nothing-new": "没有变化，不需要导入。",
    "left-alone": "没有导入。",
    "needs-yes": "当前不是交互终端，确认导入请加 --yes。",
    "ask": "导入这些变化吗？[y/N] ",
    "imported": "已导入 {count} 条，运行中的服务会在几秒内用上。",
    "exported": "已导出 {count} 条到 {folder}（{files} 个文件）。",
    "asking": "逐条提问",
    "fitting": "正在拟合……",
    "calibrated": "已校准：置信度 {answer_at:.3f} 以上直接回答，全部条目合计低于 {decline_at:.3f} 时如实说不知道。",
    "reading": "读取说法",
    "training": "训练",
    "trained": "已训练：{groups} 组、{texts} 条说法、{features} 个特征、{dimensions} 维。",
}

FIGURES = {
    "questions": "标注问题数",
    "right_at_1": "第一名就对",
    "right_at_3": "前三名有对",
    "reciprocal_rank": "平均倒数排名",
    "answered": "直接回答的比例",
    "wrong_of_answered": "直接回答里答错的比例",
    "none_not_answered": "无答案问题未被硬答的比例",
    "brier": "Brier 分",
    "calibration_error": "校准误差",
}
